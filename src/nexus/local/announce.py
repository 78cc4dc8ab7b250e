"""What does the person at the terminal see while things start?"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click


def say(line: str) -> None:
    """Write one line; a terminal that was closed must not keep us from stopping in order."""
    with suppress(OSError):
        click.echo(line)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say that `what` begins, and how long it took once it is done."""
    say(f"{what} ...")
    began = time.monotonic()
    yield
    say(f"  ready in {time.monotonic() - began:.1f} s")
