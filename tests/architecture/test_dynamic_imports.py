"""Can a vendor slip past the import rules by being imported by name? import-linter reads syntax.

`importlib.import_module("ccxt")` is no import to it. So whatever imports by name stands on a list,
with the reason, and even there no module of a vendor may be named.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import SOURCE, breaches, breaking_files, lines_of

BY_NAME = {
    "strategy/border.py": "an operator's strategies are named in STRATEGIES",
    "local/programs.py": "the embedded database lies in a package that must not be imported",
}

MODULES = {"importlib", "imp", "pkgutil", "runpy", "zipimport"}
"""Importing any of these is a way to import by name."""
CALLS = {"__import__", "exec", "eval", "compile"}
"""So is calling any of these, which need no import."""
VENDORS = {"ccxt", "stripe", "resend", "openai", "anthropic", "saq", "redis"}
HARMLESS = {"importlib.metadata", "importlib.resources"}
"""They read files of packages and run none of them."""


def imports_by_name(tree: ast.Module) -> Iterator[int]:
    """Find what could import a module that no import statement names."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if any(_is_way(alias.name) for alias in names):
                yield node.lineno
            case ast.ImportFrom(module=str() as module, names=names) if _is_way(module):
                if not {f"{module}.{alias.name}" for alias in names} & HARMLESS:
                    yield node.lineno
            case ast.Name(id=name) if name in CALLS:
                yield node.lineno
            case ast.Attribute(attr="modules", value=ast.Name(id="sys")):
                yield node.lineno
            case ast.Attribute(attr="__import__" | "import_module"):
                yield node.lineno


def vendors_named(tree: ast.Module) -> Iterator[int]:
    """Find texts that are exactly the name of a module only some folders may import."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str() as text) if text.partition(".")[0] in VENDORS:
                yield node.lineno


def _is_way(module: str) -> bool:
    return module.partition(".")[0] in MODULES and module not in HARMLESS


def test_only_the_listed_files_import_by_name() -> None:
    assert breaking_files(imports_by_name) == set(BY_NAME)


def test_the_listed_files_name_no_vendor() -> None:
    assert breaches(vendors_named, [SOURCE / name for name in BY_NAME]) == []
    assert lines_of(vendors_named, "import_module('ccxt.async_support')") == [1]


@pytest.mark.parametrize(
    "code",
    [
        "import importlib",
        "import importlib as harmless",
        "import importlib.util",
        "from importlib import import_module",
        "from importlib.util import find_spec",
        "import runpy",
        "import pkgutil",
        "ccxt = __import__('ccxt')",
        "load = __import__",
        "exec('import ccxt')",
        "eval('__imp' + 'ort__')('ccxt')",
        "exec(compile('import ccxt', '', 'exec'))",
        "import sys; ccxt = sys.modules['ccxt']",
        "import builtins; builtins.__import__('ccxt')",
    ],
)
def test_a_planted_import_by_name_is_seen(code: str) -> None:
    assert set(lines_of(imports_by_name, code)) == {1}


@pytest.mark.parametrize(
    "code",
    [
        "import re; PATTERN = re.compile('a')",
        "from importlib.metadata import version",
        "from importlib import resources",
        "import sys; sys.exit(1)",
        "await redis.eval(script, 1, key)",
    ],
)
def test_what_imports_nothing_is_left_alone(code: str) -> None:
    assert lines_of(imports_by_name, code) == []
