"""How do the processes of one Nexus start together and end together?

Each child has its own session, so Ctrl-C reaches only `nexus up`, which ends them in order.
None is restarted: a child that ends by itself brings everything down, with its last words.
"""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import click

from nexus.local.announce import say
from nexus.local.errors import LocalError

LEASH = Path(__file__).with_name("leash.py")
STOP_SECONDS = 10.0
LASTING_SHARE = 0.2  # of that time, kept for the children that end last
LAST_LINES = 10
LONGEST_LINE_BYTES = 1_000_000
COLOURS = ("cyan", "magenta", "green", "yellow", "blue")


@dataclass(frozen=True)
class Child:
    """A process to start: its name in the output, its command line and its environment."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    lasts: bool = False
    """The others need it to finish what they do, so it ends after them."""


@dataclass
class _Running:
    child: Child
    process: asyncio.subprocess.Process
    output: asyncio.StreamReader
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))
    watchers: list[asyncio.Task[None]] = field(default_factory=list)


class Processes:
    """The children of this process, in the order they were started."""

    def __init__(self) -> None:
        self._running: list[_Running] = []
        self._stopping = False
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def start(self, child: Child) -> int:
        """Start a child and show its lines from now on; give its process id."""
        # A pipe of our own: asyncio's would keep `wait` from noticing the end of a child whose own
        # child still holds it open.
        reading, writing = os.pipe()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(LEASH), str(os.getpid())),
            *child.command,
            env={**child.environment, "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            start_new_session=True,
        )
        os.close(writing)
        running = _Running(child, process, await _open(reading))
        prefix = self._prefix(child.name)
        self._running.append(running)
        running.watchers = [
            asyncio.create_task(_show(running, prefix)),
            asyncio.create_task(self._notice_end(running)),
        ]
        return process.pid

    async def first_end(self) -> None:
        """Wait until a child ends by itself, then raise the LocalError that tells about it."""
        raise LocalError(await self._ended)

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """End all, the last started first and the lasting ones last; be done after `seconds`.

        Whoever has not ended by then is killed, with all that it started itself.
        """
        self._stopping = True
        newest_first = list(reversed(self._running))
        lasting = [running for running in newest_first if running.child.lasts]
        others = [running for running in newest_first if not running.child.lasts]
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        await _end_together(others, seconds * (1 - LASTING_SHARE))
        await _end_together(lasting, deadline - loop.time())

    def kill(self) -> None:
        """End all at once."""
        self._stopping = True
        for running in self._running:
            _signal_group(running, signal.SIGKILL)

    async def _notice_end(self, running: _Running) -> None:
        code = await running.process.wait()
        if self._stopping or self._ended.done():
            return
        # Its last words may still be on their way; a grandchild may hold the pipe open for ever.
        await asyncio.wait(running.watchers[:1], timeout=1)
        if not self._ended.done():
            self._ended.set_result(_obituary(running, code))

    def _prefix(self, name: str) -> str:
        """Give what stands before each of the child's lines, coloured on a terminal."""
        text = f"{name:>9} | "
        if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
            return click.style(text, fg=COLOURS[len(self._running) % len(COLOURS)])
        return text


async def _open(descriptor: int) -> asyncio.StreamReader:
    """Read lines from the pipe `descriptor`; it is closed when nobody writes to it any more."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    return reader


async def _show(running: _Running, prefix: str) -> None:
    """Repeat each line the child writes, until it writes no more."""
    while True:
        try:
            line = await running.output.readline()
        except ValueError:
            line = b"(a line longer than 1 MB was left out)\n"
        if not line:
            return
        text = line.decode(errors="replace").rstrip()
        running.last_lines.append(text)
        say(prefix + text)


async def _end_together(children: Sequence[_Running], seconds: float) -> None:
    """Ask these children to end, one after the other, and wait for all of them."""
    await asyncio.gather(*(_end(running, seconds) for running in children))


async def _end(running: _Running, seconds: float) -> None:
    """Ask one child to end, insist after `seconds`, and clear away what it left behind."""
    if running.process.returncode is None:
        with suppress(ProcessLookupError):
            running.process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(running.process.wait(), max(seconds, 0.1))
    if running.process.returncode is None:
        say(f"The {running.child.name} process took too long to stop; it is killed.")
    _signal_group(running, signal.SIGKILL)
    await running.process.wait()
    await asyncio.wait(running.watchers, timeout=1)
    for watcher in running.watchers:
        watcher.cancel()


def _signal_group(running: _Running, signal_: signal.Signals) -> None:
    """Signal the child and everything in its session's group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(running.process.pid, signal_)


def _obituary(running: _Running, code: int) -> str:
    if code < 0:
        how = f"was ended by {signal.Signals(-code).name}"
    else:
        how = f"ended by itself with exit code {code}"
    lines = "".join(f"\n    {line}" for line in running.last_lines)
    words = f" Its last lines:{lines}" if lines else " It wrote nothing."
    return f"The {running.child.name} process {how}, so everything was stopped.{words}"
