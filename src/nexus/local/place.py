"""Where may things lie? The folder of one installation, its lock, and a place outside it.

Run as root, PostgreSQL must use an account of its own, and that account must be able to enter
every folder above its data. We never open a private folder for it: the data goes elsewhere.
"""

import errno
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nexus.local.errors import LocalError
from nexus.local.remember import remembered_id


def prepare_folder(folder: Path) -> Path:
    """Make the folder when it is missing, check that we can write to it, and give its full path."""
    folder = folder.absolute()
    try:
        if not folder.exists():
            folder.mkdir(parents=True)
            # The database's account passes through when root starts it; nobody may list it.
            folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
            (folder / ".gitignore").write_text("*\n")
        folder = folder.resolve()
        remembered_id(folder)
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"Nexus cannot use {folder}: {reason}. Choose another folder with --folder."
        raise LocalError(message) from error
    return folder


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keep the folder for this process; refuse when another `nexus up` has it.

    The kernel lets go of the lock when the process ends, however it ends.
    """
    try:
        file = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        message = f"Nexus cannot write to {folder}: {error.strerror}. Choose another with --folder."
        raise LocalError(message) from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError(_already_running(folder, os.read(file, 20).decode())) from None
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(file)


def _already_running(folder: Path, pid: str) -> str:
    """Say who has the folder, and where it answers if it is ready."""
    where = ""
    with suppress(OSError, ValueError, KeyError):
        where = f" at {json.loads((folder / 'ready.json').read_text())['url']}"
    return (
        f"Nexus already runs from {folder}{where} (process {pid or 'unknown'}). "
        "Stop it with Ctrl-C in its terminal, or choose another folder with --folder."
    )


def closed_to_others(path: Path) -> Path | None:
    """Name the folder on the way to `path` that another account could not enter, if any."""
    for parent in (path, *path.parents):
        if not parent.stat().st_mode & stat.S_IXOTH:
            return parent
    return None


def elsewhere(folder: Path) -> Path:
    """Give a short, plain path outside `folder` that belongs to it alone and to us.

    Named after the folder's path and its id: a copied project gets a place of its own, and a
    deleted `.nexus` never meets its old data with new secrets.
    """
    name = hashlib.sha256(f"{folder}\n{remembered_id(folder)}".encode()).hexdigest()[:12]
    if os.geteuid() == 0:
        # Not /tmp: whatever cleans it up after some weeks would take a database apart.
        place = Path("/var/lib/nexus") / name
    else:
        place = Path("/tmp") / f"nexus-{os.geteuid()}-{name}"  # noqa: S108  checked below
    try:
        place.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            place.mkdir()
        _open_to_pass(place)
    except OSError as error:
        message = f"Nexus cannot use {place}: {error.strerror}. Remove it, then start again."
        raise LocalError(message) from error
    return place


def _open_to_pass(place: Path) -> None:
    """Let others pass through `place`, having made sure that it is a real folder and ours.

    Looked at and changed through one descriptor that follows no link: a link planted there in
    advance would have us change the mode of whatever it leads to.
    """
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, "it belongs to somebody else")
        os.fchmod(descriptor, 0o711)
    finally:
        os.close(descriptor)
