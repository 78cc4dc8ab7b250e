"""Does a file still fit into a head, and does its folder's name answer a question?"""

from pathlib import Path

from tests.architecture.source import ROOT, SOURCE

LONGEST = 350
"""Aim at 300; a file that passes this gets another verb beside it."""

CODE = ("src", "tests", "e2e", "bench", "prove")
"""Not the migrations: each is one list of statements, written once and never read for pleasure."""

NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "common", "misc", "services", "service"}


def too_long(files: list[Path]) -> list[str]:
    return [
        f"{file.name}: {lines} lines"
        for file in files
        if (lines := len(file.read_text().splitlines())) > LONGEST
    ]


def says_nothing(paths: list[Path]) -> list[Path]:
    return [path for path in paths if path.stem in NAMES_THAT_SAY_NOTHING]


def test_no_file_is_too_long() -> None:
    assert too_long([file for folder in CODE for file in (ROOT / folder).rglob("*.py")]) == []


def test_every_name_says_something() -> None:
    assert says_nothing(list(SOURCE.rglob("*"))) == []


def test_a_planted_long_file_is_seen(tmp_path: Path) -> None:
    fits, long = tmp_path / "fits.py", tmp_path / "long.py"
    fits.write_text("pass\n" * LONGEST)
    long.write_text("pass\n" * (LONGEST + 1))
    assert too_long([fits, long]) == ["long.py: 351 lines"]


def test_a_planted_name_is_seen() -> None:
    paths = [Path("fanout/size.py"), Path("fanout/utils.py"), Path("helpers")]
    assert says_nothing(paths) == paths[1:]
