"""Does `nexus simulator` start, refuse and end as it should?"""

import signal
import socket
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from nexus.simulator.command import simulator
from tests.simulator.process import run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_within_a_second(number: int) -> None:
    process = run("--port", "0", "--accounts", "2", "--print-accounts")
    try:
        assert [set(one) for one in process.accounts] == [{"key", "secret"}] * 2
        with httpx.Client() as kept_alive:
            assert kept_alive.get(f"{process.url}/api/v3/ping").json() == {}
            code, seconds = process.end(number)
        assert code == 0
        assert seconds < 1
    finally:
        process.kill()


@pytest.mark.parametrize("option", ["--port", "--replay", "--balance", "--speed", "--symbols"])
def test_what_cannot_work_is_one_sentence_and_no_traceback(option: str, tmp_path: Path) -> None:
    broken = tmp_path / "BTCUSDT.csv"
    broken.write_text("open_time_ms,open,high,low,close,volume\n1,2,3,x,2,1\n")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        value = {
            "--port": str(taken.getsockname()[1]),
            "--replay": str(broken),
            "--balance": "5",
            "--speed": "2",
            "--symbols": "BTCXYZ",
        }[option]
        result = CliRunner().invoke(simulator, ["--port", "0", option, value])
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)
    said = {
        "--port": "choose another with --port",
        "--replay": "line 2: low is 'x'",
        "--balance": "at least 10000",
        "--speed": "--speed needs --replay",
        "--symbols": "BTCXYZ",
    }[option]
    assert said in result.output
    if option in ("--port", "--replay"):
        assert result.exit_code == 1


def test_the_limits_of_the_command_line_are_announced() -> None:
    process = run(
        "--port", "0", "--weight-limit", "70", "--order-limit", "3", "--order-day-limit=9"
    )
    try:
        info = httpx.get(f"{process.url}/api/v3/exchangeInfo").json()
    finally:
        process.kill()
    told = {(one["rateLimitType"], one["interval"]): one["limit"] for one in info["rateLimits"]}
    assert told["REQUEST_WEIGHT", "MINUTE"] == 70
    assert (told["ORDERS", "SECOND"], told["ORDERS", "DAY"]) == (3, 9)
