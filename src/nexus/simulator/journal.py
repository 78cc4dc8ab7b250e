"""What really happened? Every order request, cancel and fill, numbered, in memory and on disk.

The state file is JSON lines: `{"kind": ...}` with kinds `open`, `account`, `rules`, `key`, `money`,
`entry`, `door`, `stretch` and `alive`. Only one simulator may have it open. Each line leaves the
process before the answer does, so a killed simulator loses nothing it has told anybody.
"""

import fcntl
import logging
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from nexus.simulator.errors import SimulatorError

log = logging.getLogger(__name__)

Line = dict[str, Any]


def _encode(value: Line) -> bytes:
    return orjson.dumps(value, default=_plain)


def _plain(value: object) -> str:
    """Amounts as plain digits: a reader should not meet 1E-8."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError


class StateFile:
    """An append-only file of JSON lines; without a path it forgets everything."""

    def __init__(self, path: Path | None) -> None:
        self._file: int | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as problem:
            message = f"The state file {path} cannot be written ({problem.strerror})."
            raise SimulatorError(message) from problem
        self._lock(path)

    def write(self, kind: str, encoded: bytes) -> None:
        """Append one line with a single write, so that a kill can only cut the last one."""
        if self._file is not None:
            os.write(self._file, b'{"kind":"%s","data":%s}\n' % (kind.encode(), encoded))

    def _lock(self, path: Path) -> None:
        """Keep every other simulator out; the lock goes with the process, however it ends."""
        try:
            fcntl.flock(self._file or 0, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            self.close()
            message = (
                f"The state file {path} is in use by another simulator; "
                "stop that one or choose another --state."
            )
            raise SimulatorError(message) from problem

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Journal:
    """The exchange's own record. Entries are kept encoded: they are only ever read as JSON."""

    def __init__(self, state: StateFile) -> None:
        self.state = state
        self.entries: list[bytes] = []

    def add(self, entry: Line) -> None:
        """Give the entry its number from 1 and keep it, on disk first."""
        encoded = _encode({"seq": len(self.entries) + 1, **entry})
        self.state.write("entry", encoded)
        self.entries.append(encoded)

    def recall(self, entry: Line) -> None:
        """Take back an entry that is already on disk."""
        self.entries.append(_encode(entry))

    def note(self, kind: str, data: Line) -> None:
        """Write a line that is state but no order: an account, the market's course, the time."""
        self.state.write(kind, _encode(data))

    def after(self, seq: int, limit: int) -> bytes:
        """At most `limit` entries with numbers above `seq`, as one JSON array."""
        return b"[" + b",".join(self.entries[seq : seq + limit]) + b"]"


def read_state(path: Path | None) -> list[Line]:
    """Every line of the state file; a last line cut by a kill is dropped and cut off.

    Raises SimulatorError when any other line is unreadable.
    """
    if path is None or not path.exists():
        return []
    try:
        raw = path.read_bytes()
    except OSError as problem:
        message = f"The state file {path} cannot be read ({problem.strerror})."
        raise SimulatorError(message) from problem
    whole, newline, rest = raw.rpartition(b"\n")
    if rest:
        log.warning("The last line of %s was cut off by a kill and is dropped.", path)
        os.truncate(path, len(whole) + len(newline))
    return [
        _decode(path, number, line) for number, line in enumerate(whole.split(b"\n"), 1) if line
    ]


def _decode(path: Path, number: int, line: bytes) -> Line:
    try:
        decoded = orjson.loads(line)
        return {"kind": decoded["kind"], "data": decoded["data"]}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        message = f"The state file {path} is damaged in line {number}; move it away to begin anew."
        raise SimulatorError(message) from None
