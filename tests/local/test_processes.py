"""Do the children start, speak, and end together, whatever they or their parent do?"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import pytest

from nexus.local.errors import LocalError
from nexus.local.processes import Child, Processes
from nexus.local.servers import is_alive
from tests.local.conftest import wait_until

SLEEP = "print('up', flush=True); import time; time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
WITH_A_GRANDCHILD = f"""
import subprocess
print("grandchild", subprocess.Popen(["/bin/sleep", "600"]).pid, flush=True)
{SLEEP}
"""
ORDERLY = """
import signal, sys, time
def leave(*_):
    print("leaving", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("up", flush=True)
time.sleep(600)
"""
PARENT = """
import asyncio, os, signal, sys
from nexus.local.processes import Child, Processes
async def main():
    processes = Processes()
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    print(await processes.start(Child("web", command, dict(os.environ))), flush=True)
    await asyncio.sleep(0.3)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


def child(name: str, code: str, *, lasts: bool = False) -> Child:
    return Child(name, [sys.executable, "-c", code], dict(os.environ), lasts)


@pytest.fixture
async def processes() -> AsyncIterator[Processes]:
    processes = Processes()
    yield processes
    processes.kill()
    await processes.stop()


async def wait_for_line(capsys: pytest.CaptureFixture[str], line: str, times: int = 1) -> str:
    """Wait until `line` was printed so many times; give all that was printed."""
    text = ""
    async with asyncio.timeout(8):
        while text.count(line) < times:
            await asyncio.sleep(0.01)
            text += capsys.readouterr().out
    return text


async def test_lines_carry_the_name_of_their_process(
    processes: Processes, capsys: pytest.CaptureFixture[str]
) -> None:
    await processes.start(child("web", SLEEP))
    await processes.start(child("worker", SLEEP))

    text = await wait_for_line(capsys, "| up\n", 2)

    assert sorted(text.splitlines()) == ["      web | up", "   worker | up"]


async def test_a_very_long_line_does_not_stop_the_ones_after_it(
    processes: Processes, capsys: pytest.CaptureFixture[str]
) -> None:
    await processes.start(child("web", "print('x' * 3_000_000); print('after'); " + SLEEP))

    text = await wait_for_line(capsys, "after\n")

    assert "a line longer than 1 MB was left out" in text


async def test_a_child_that_ends_by_itself_is_named_with_its_last_lines(
    processes: Processes,
) -> None:
    await processes.start(child("web", SLEEP))
    await processes.start(child("worker", "print('no key'); raise SystemExit(3)"))

    with pytest.raises(LocalError) as ended:
        await asyncio.wait_for(processes.first_end(), 8)

    assert str(ended.value) == (
        "The worker process ended by itself with exit code 3, so everything was stopped. "
        "Its last lines:\n    no key"
    )


async def test_an_end_is_noticed_while_a_grandchild_still_holds_the_output(
    processes: Processes,
) -> None:
    await processes.start(child("web", WITH_A_GRANDCHILD.replace(SLEEP, "raise SystemExit(2)")))

    with pytest.raises(LocalError, match=r"The web process ended by itself with exit code 2"):
        await asyncio.wait_for(processes.first_end(), 5)


async def test_a_killed_child_is_named_with_its_signal(processes: Processes) -> None:
    pid = await processes.start(child("worker", SLEEP))
    os.kill(pid, signal.SIGKILL)

    with pytest.raises(LocalError, match=r"The worker process was ended by SIGKILL"):
        await asyncio.wait_for(processes.first_end(), 8)


async def test_what_the_others_need_ends_after_them(
    processes: Processes, capsys: pytest.CaptureFixture[str]
) -> None:
    pids = [
        await processes.start(child(name, ORDERLY, lasts=name == "simulator"))
        for name in ("simulator", "worker", "web")
    ]
    await wait_for_line(capsys, "| up\n", 3)

    await processes.stop()

    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "simulator | leaving"
    assert sorted(lines[:-1]) == ["      web | leaving", "   worker | leaving"]
    assert not any(is_alive(pid) for pid in pids)


async def test_a_stubborn_child_is_killed_in_time_and_takes_no_time_from_the_others(
    processes: Processes, capsys: pytest.CaptureFixture[str]
) -> None:
    first = await processes.start(child("worker", ORDERLY))
    second = await processes.start(child("web", STUBBORN))
    await wait_for_line(capsys, "| up\n", 2)

    began = time.monotonic()
    await processes.stop(2)

    assert time.monotonic() - began < 4
    text = capsys.readouterr().out
    assert "The web process took too long to stop; it is killed." in text
    assert "worker | leaving" in text
    assert not is_alive(first)
    assert not is_alive(second)


async def test_what_a_child_started_ends_with_it(
    processes: Processes, capsys: pytest.CaptureFixture[str]
) -> None:
    await processes.start(child("web", WITH_A_GRANDCHILD))
    text = await wait_for_line(capsys, "| up\n")
    grandchild = int(text.split("grandchild ")[1].split()[0])
    assert is_alive(grandchild)

    began = time.monotonic()
    await processes.stop()

    assert time.monotonic() - began < 3
    wait_until(lambda: not is_alive(grandchild))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
async def test_children_of_a_killed_parent_end_too() -> None:
    parent = subprocess.run(  # noqa: ASYNC221  there is nothing else to do meanwhile
        [sys.executable, "-c", PARENT], capture_output=True, text=True, check=False
    )
    assert parent.returncode == -signal.SIGKILL

    orphan = int(parent.stdout)
    wait_until(lambda: not is_alive(orphan))
