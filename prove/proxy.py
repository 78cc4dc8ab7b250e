"""A door before a server that can be shut, stall, or drop whoever is in it."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

CHUNK = 65_536
COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"
"""How PostgreSQL says that a transaction has been committed."""


@dataclass(eq=False)
class Proxy:
    """Forwards bytes from a port of its own to a server, until it is told not to.

    `target` is (host, port), or the path of a Unix socket.
    """

    target: tuple[str, int] | Path
    port: int = 0
    is_open: bool = True
    """Shut, it takes no new connection."""
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    """While cleared, what the server says is held back: requests arrive, answers do not."""
    let_in: int = 0
    """How many connections there have been."""
    turned_away: int = 0
    """How many found the door shut."""
    loses_commits: bool = False
    """Whether what PostgreSQL says of a COMMIT is held back until the connection is cut."""
    commits_held: int = 0
    """How many answers to a COMMIT of PostgreSQL were held back: committed, and nobody knows."""
    _doors: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on 127.0.0.1, on a free port."""
        self.answers.set()
        self._server = await asyncio.start_server(self._enter, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Take no more connections and cut those there are."""
        if self._server is not None:
            self._server.close()
        await self.cut()
        # Aborted transports close in the next round of the loop.
        await asyncio.sleep(0)

    async def cut(self) -> int:
        """Cut every connection at once; says how many there were."""
        doors = list(self._doors)
        for door in doors:
            door.cancel()
        await asyncio.gather(*doors, return_exceptions=True)
        return len(doors)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_open:
            self.turned_away += 1
            writer.transport.abort()
            return
        self.let_in += 1
        door = asyncio.create_task(self._serve(reader, writer))
        self._doors.add(door)
        door.add_done_callback(self._doors.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner: asyncio.StreamWriter | None = None
        try:
            answers, inner = await self._connect()
            await asyncio.gather(self._pump(reader, inner), self._tell(answers, writer))
        except OSError:
            pass  # One side went away; the other one notices by itself.
        finally:
            for side in (writer, inner):
                if side is not None:
                    side.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, Path):
            return await asyncio.open_unix_connection(str(self.target))
        return await asyncio.open_connection(*self.target)

    @staticmethod
    async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()

    async def _tell(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Give on what the server says, unless it is to be held back."""
        while data := await reader.read(CHUNK):
            await self.answers.wait()
            if self.loses_commits and COMMITTED in data:
                self.commits_held += 1
                await asyncio.Event().wait()  # For ever: until it is cut.
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()
