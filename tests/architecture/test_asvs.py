"""Is every line of OWASP ASVS 5.0 that concerns accounts kept by a test that exists?

The chapters are V6 (authentication), V7 (sessions), V8 (authorization) and V10 (OAuth, OIDC), at
levels 1 and 2, as released in 5.0.0.
"""

import ast
import csv
from collections import Counter

from tests.architecture.source import ROOT

ROWS = list(csv.DictReader((ROOT / "docs" / "asvs.csv").read_text().splitlines()))
# Section -> its last requirement and those of level 3, which are not asked for.
SECTIONS = {
    "V6.1": (3, ()), "V6.2": (12, ()), "V6.3": (8, (5, 6, 7, 8)), "V6.4": (6, (5, 6)),
    "V6.5": (8, (6, 7, 8)), "V6.6": (4, (4,)), "V6.7": (2, (1, 2)), "V6.8": (4, ()),
    "V7.1": (3, ()), "V7.2": (4, ()), "V7.3": (2, ()), "V7.4": (5, ()), "V7.5": (3, (3,)),
    "V7.6": (2, ()),
    "V8.1": (4, (3, 4)), "V8.2": (4, (4,)), "V8.3": (3, (2, 3)), "V8.4": (2, (2,)),
    "V10.1": (2, ()), "V10.2": (3, (3,)), "V10.3": (5, (5,)), "V10.4": (16, (12, 13, 14, 15, 16)),
    "V10.5": (5, ()), "V10.6": (2, ()), "V10.7": (3, ()),
}  # fmt: skip
OPEN: set[str] = set()
"""What is not true yet. The set only shrinks."""


def names_in(path: str) -> set[str]:
    """Name the tests that are written in a file."""
    tree = ast.parse((ROOT / path).read_text())
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[:5] == "test_"
    }


def test_every_requirement_of_these_chapters_is_there_once() -> None:
    asked = {
        f"{section}.{number}"
        for section, (last, third_level) in SECTIONS.items()
        for number in range(1, last + 1)
        if number not in third_level
    }
    assert [name for name, times in Counter(row["id"] for row in ROWS).items() if times > 1] == []
    assert {row["id"] for row in ROWS} == asked
    assert len(ROWS) == 89
    assert Counter(row["level"] for row in ROWS) == {"1": 28, "2": 61}


def test_what_is_done_names_tests_that_exist() -> None:
    written: dict[str, set[str]] = {}
    missing = []
    for row in ROWS:
        for test in row["tests"].split():
            path, _, name = test.partition("::")
            if path not in written:
                written[path] = names_in(path) if (ROOT / path).is_file() else set()
            if name not in written[path]:
                missing.append(f"{row['id']}: {test}")
    assert missing == []


def test_every_row_is_done_or_says_why_not() -> None:
    for row in ROWS:
        assert row["status"] in {"done", "not-applicable", "open"}, row["id"]
        assert bool(row["tests"]) == (row["status"] == "done"), row["id"]
        assert row["note"] or row["status"] == "done", f"{row['id']} must say why"
        assert 10 < len(row["requirement"]) < 110, row["id"]
    assert {row["id"] for row in ROWS if row["status"] == "open"} == OPEN
