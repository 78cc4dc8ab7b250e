"""Who commits? One file: everybody else returns to commit and raises to roll back."""

import ast
from collections.abc import Iterator

from tests.architecture.source import breaking_files, lines_of


def commits(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr="commit"):
                yield node.lineno


def test_only_core_db_commits() -> None:
    assert breaking_files(commits) == {"core/db.py"}


def test_a_planted_commit_is_seen() -> None:
    assert lines_of(commits, "async def place(tx):\n    await tx.commit()\n") == [2]
