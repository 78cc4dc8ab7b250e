"""Does every decision record hold? It names the test that would fail if we broke it."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

RECORDS = sorted((ROOT / "docs" / "decisions").iterdir())
NAME = re.compile(r"\d{4}-[a-z0-9-]+\.md")
TEST = re.compile(r"(?:tests|e2e)/[\w/]+\.py")
HEADINGS = ("## Context", "## Decision", "## Consequences")


def defects(record: Path) -> list[str]:
    """Say what is wrong with a decision record."""
    text = record.read_text()
    tests = TEST.findall(text)
    found = [f"no heading {heading!r}" for heading in HEADINGS if heading not in text.splitlines()]
    found += [f"no such test: {test}" for test in tests if not (ROOT / test).is_file()]
    if not tests:
        found.append("names no test")
    if not NAME.fullmatch(record.name):
        found.append("is not called NNNN-title.md")
    return found


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: str(record.stem))
def test_every_decision_is_whole(record: Path) -> None:
    assert defects(record) == []


def test_the_numbers_are_used_once() -> None:
    numbers = [record.name[:4] for record in RECORDS]
    assert numbers == sorted(set(numbers))


def test_a_planted_record_is_seen(tmp_path: Path) -> None:
    record = tmp_path / "9-Ideas.md"
    record.write_text("## Context\n## Decision\nEnforced by tests/nowhere/test_none.py\n")
    assert defects(record) == [
        "no heading '## Consequences'",
        "no such test: tests/nowhere/test_none.py",
        "is not called NNNN-title.md",
    ]
