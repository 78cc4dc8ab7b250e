"""Do the locks pin everything that is installed, by hash, and from nowhere in particular?"""

import re
import tomllib

import pytest

from tests.architecture.source import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")


def locked(name: str) -> dict[str, str]:
    """Give each requirement (`numpy==2.4.6 ; marker`) with its lines."""
    text = (ROOT / name).read_text()
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    return {entry.partition(" \\")[0]: entry for entry in entries}


def wanted(*groups: str) -> set[str]:
    """Name the packages that pyproject.toml asks for."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [
        *pyproject["project"]["dependencies"],
        *pyproject["build-system"]["requires"],
        *(entry for group in groups for entry in pyproject["dependency-groups"][group]),
    ]
    return {re.split(r"[^a-z0-9-]", entry)[0] for entry in asked}


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_its_hashes(name: str) -> None:
    assert [entry for entry, text in locked(name).items() if "--hash=sha256:" not in text] == []


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_a_download_address(name: str) -> None:
    assert "://" not in (ROOT / name).read_text()
    assert "index" not in re.findall(r"^--(\w+)", (ROOT / name).read_text(), re.MULTILINE)


def test_the_locks_hold_what_pyproject_asks_for() -> None:
    runtime, everything = ({entry.split("==")[0] for entry in locked(name)} for name in LOCKS)
    assert wanted() - runtime == set()
    assert wanted("dev", "build") - everything == set()


def test_people_run_what_was_tested() -> None:
    assert set(locked("requirements.lock")) - set(locked("requirements-dev.lock")) == set()
