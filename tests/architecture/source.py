"""Where is the code, and what does it say? The rules in this folder read it as syntax trees."""

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "nexus"

Rule = Callable[[ast.Module], Iterable[int]]
"""A rule takes a module and names the lines that break it."""


def python_files(*folders: str) -> Iterator[Path]:
    """List the package's files, or those of some of its folders."""
    for folder in folders or ("",):
        yield from sorted((SOURCE / folder).rglob("*.py"))


def breaches(rule: Rule, files: Iterable[Path]) -> list[str]:
    """Name every breach as `folder/file.py:line`."""
    return [
        f"{file.relative_to(SOURCE).as_posix()}:{line}"
        for file in files
        for line in rule(ast.parse(file.read_text(), str(file)))
    ]


def breaking_files(rule: Rule) -> set[str]:
    """Name the files of the package in which `rule` is broken somewhere."""
    return {place.partition(":")[0] for place in breaches(rule, python_files())}


def lines_of(rule: Rule, code: str) -> list[int]:
    """Apply `rule` to a planted piece of code."""
    return list(rule(ast.parse(code)))
