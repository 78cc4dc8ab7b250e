"""Is every exception from a rule explained? An ignore without a reason is a rule that got lost."""

import tomllib
from collections.abc import Iterator

from tests.architecture.source import ROOT

PYPROJECT = ROOT / "pyproject.toml"

EXPLAINED = ("tool.ruff.lint", "tool.ruff.lint.per-file-ignores")
"""The sections in which every entry of a list but `select` needs a reason beside it."""


def unexplained(pyproject: str) -> list[str]:
    """Name the ignored rules that stand without a comment on their line."""
    found = []
    for section, line in _entries(pyproject):
        entry, _, reason = line.partition("#")
        if section in EXPLAINED and not reason.strip():
            found.append(entry.strip(" ,"))
    return found


def _entries(pyproject: str) -> Iterator[tuple[str, str]]:
    """Give each entry of a list with its section; our lists have one entry a line."""
    section = ""
    for line in pyproject.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        if line.startswith('    "'):
            yield section, line


def test_every_ignored_rule_has_its_reason() -> None:
    assert unexplained(PYPROJECT.read_text()) == []


def test_every_ignored_rule_is_looked_at() -> None:
    """An ignore written in another layout would slip past the line above."""
    lint = tomllib.loads(PYPROJECT.read_text())["tool"]["ruff"]["lint"]
    ignored = [
        *lint["ignore"],
        *(code for codes in lint["per-file-ignores"].values() for code in codes),
    ]
    seen = [line for section, line in _entries(PYPROJECT.read_text()) if section in EXPLAINED]
    assert lint["select"] == ["ALL"]
    assert len(seen) == len(ignored)


def test_a_planted_ignore_is_seen() -> None:
    planted = '[tool.ruff.lint]\nignore = [\n    "E501", # long lines\n    "F401",\n]\n'
    assert unexplained(planted) == ['"F401"']
