"""What do these tests share? A folder that may be a home of Nexus, left without a process."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nexus.local.embedded import prepare_folder, stop_postgres, stop_redis
from nexus.local.place import elsewhere

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a second account")


@contextmanager
def home(name: str = ".nexus", mode: int = 0o755) -> Iterator[Path]:
    """Lend a new folder named `name` in one of mode `mode`; stop and delete all in the end."""
    outer = Path(tempfile.mkdtemp(prefix="nexus-test-"))
    outer.chmod(mode)
    folder = outer / name
    try:
        yield folder
    finally:
        if folder.exists():
            stop_redis(folder, at_once=True)
            stop_postgres(folder, at_once=True)
            shutil.rmtree(elsewhere(folder), ignore_errors=True)
        shutil.rmtree(outer)


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Return as soon as `condition` holds; fail when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Lend a prepared folder that the database's account can enter."""
    with home() as path:
        yield prepare_folder(path)
