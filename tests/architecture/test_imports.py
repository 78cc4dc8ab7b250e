"""Do the import rules bite? Each is broken on purpose in a copy of the code and must go red."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, SOURCE

PYPROJECT = ROOT / "pyproject.toml"
CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads(PYPROJECT.read_text())["tool"]["importlinter"]["contracts"]
}

# contract, the file that breaks it, the line that does
PLANTED = [
    ("layers", "strategy/decide.py", "from nexus.execution import claim"),
    ("layers", "core/clock.py", "from nexus import settings"),
    ("layers", "utils/__init__.py", '"""A new folder without a place."""'),
    ("layers", "helpers.py", '"""A new file without a place."""'),
    ("purity", "regime/judge.py", "import sqlalchemy"),
    ("purity", "fanout/size.py", "from nexus.market import queries"),
    ("simulator-alone", "simulator/clock.py", "from nexus import settings"),
    ("ccxt", "fanout/size.py", "import ccxt"),
    ("ccxt", "exchanges/protocol.py", "import ccxt.async_support as ccxt"),
    ("saq", "execution/claim.py", "import saq"),
    ("redis", "market/observe.py", "from redis.asyncio import Redis"),
    ("stripe", "fanout/size.py", "import stripe"),
    ("resend", "bots/models.py", "import resend"),
    ("language-models", "strategy/decide.py", "import openai"),
    ("language-models", "regime/judge.py", "from anthropic import Anthropic"),
    ("web-push", "feed/write.py", "from pywebpush import webpush"),
]

Lint = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Lend a copy of the package to break."""
    source = tmp_path / "src" / "nexus"
    shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("__pycache__"))
    return source


@pytest.fixture
def lint(copied: Path) -> Lint:
    """Lend `lint("layers")`, which checks the copy and not what is installed."""

    def run(*contracts: str) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).with_name("lint-imports")
        chosen = [text for contract in contracts for text in ("--contract", contract)]
        return subprocess.run(
            [sys.executable, program, "--no-cache", "--no-logo", "--config", PYPROJECT, *chosen],
            env=os.environ | {"PYTHONPATH": str(copied.parent)},
            cwd=copied.parent,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_the_code_keeps_every_import_rule(lint: Lint) -> None:
    finished = lint()
    assert finished.returncode == 0, finished.stdout
    assert f"{len(CONTRACTS)} kept, 0 broken" in finished.stdout


@pytest.mark.parametrize(("contract", "file", "line"), PLANTED)
def test_a_planted_breach_is_seen(
    copied: Path, lint: Lint, contract: str, file: str, line: str
) -> None:
    place = copied / file
    place.parent.mkdir(exist_ok=True)
    place.write_text(f"{place.read_text() if place.exists() else ''}\n{line}\n")

    finished = lint(contract)

    assert finished.returncode == 1, finished.stdout
    assert f"{CONTRACTS[contract]} BROKEN" in finished.stdout


def test_every_rule_is_broken_on_purpose() -> None:
    assert {contract for contract, _, _ in PLANTED} == set(CONTRACTS)


def test_no_layer_is_optional() -> None:
    """A layer in brackets may be missing, so a folder that was renamed would slip away."""
    layers = tomllib.loads(PYPROJECT.read_text())["tool"]["importlinter"]["contracts"][0]["layers"]
    assert [layer for layer in layers if "(" in layer] == []
