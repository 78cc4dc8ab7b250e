"""Does everything that must not be guessed come from the system's own random source?"""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import breaking_files, lines_of

GUESSABLE = {"random", "uuid", "numpy.random"}
MAY_BE_GUESSED = {
    "core/faults.py",  # tests choose where a worker dies, the same places for the same seed
    "feed/stream.py",  # how many seconds a stream lives
    "pipeline/crowd.py",  # the people of a replay
    "simulator/generate.py",  # the market of a seed
}


def guessable_sources(tree: ast.Module) -> Iterator[int]:
    """Find imports of generators that repeat themselves for whoever has seen enough of them."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                if any(alias.name in GUESSABLE for alias in names):
                    yield node.lineno
            case ast.ImportFrom(module=module, names=names):
                if module in GUESSABLE or (
                    module == "numpy" and any(alias.name == "random" for alias in names)
                ):
                    yield node.lineno
            case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="random"):
                yield node.lineno


def test_what_must_not_be_guessed_comes_from_the_system() -> None:
    assert breaking_files(guessable_sources) == MAY_BE_GUESSED


@pytest.mark.parametrize(
    "code",
    ["import random", "from random import choice", "import uuid", "x = np.random.default_rng()"],
)
def test_a_planted_guessable_source_is_seen(code: str) -> None:
    assert lines_of(guessable_sources, code) == [1]


def test_the_systems_source_is_free() -> None:
    assert lines_of(guessable_sources, "import secrets\nimport os\nsecrets.token_urlsafe(32)") == []
