"""Do the scripts hold what they promise to somebody who has little on their machine?"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

SCRIPTS = sorted(path for path in (ROOT / "bin").iterdir() if path.suffix == "")
TARGETS = ("run", "test", "lint", "check", "bench", "prove", "setup")


def run(
    command: list[str], *, folder: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    # These tests run under `make test` themselves, and make tells its children about itself.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        command,
        cwd=folder,
        env=inherited | {"MFLAGS": ""} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Lend the scripts and locks in a folder of their own, whose path has a space."""
    folder = tmp_path / "a house"
    shutil.copytree(ROOT / "bin", folder / "bin")
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def poor(tmp_path: Path) -> Path:
    """Lend a PATH with the usual small programs, and neither Python, uv, npm nor a browser."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "cat", "grep", "awk", "tee", "rm", "dirname", "make", "id"):
        found = shutil.which(name)
        assert found, name
        (programs / name).symlink_to(found)
    return programs


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: str(script.name))
def test_every_script_can_be_started(script: Path) -> None:
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!")


@pytest.mark.parametrize("target", TARGETS)
def test_make_only_calls_the_script(target: str) -> None:
    assert run(["make", "--dry-run", target]).stdout.split() == [f"bin/{target}"]


def test_without_python_one_sentence_says_what_to_do(house: Path, poor: Path) -> None:
    finished = run(["make", "setup"], folder=house, PATH=str(poor), PYTHON="")
    assert finished.returncode != 0
    assert "Nexus needs Python 3.11, 3.12 or 3.13, and none was found." in finished.stderr
    assert "apt-get install python3" in finished.stderr
    assert not (house / ".venv").exists()


def test_a_python_that_is_too_old_is_not_taken(house: Path, poor: Path) -> None:
    old = poor / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    finished = run(["bin/setup"], folder=house, PATH=str(poor), PYTHON="")
    assert finished.returncode == 1
    assert "none was found" in finished.stderr


def test_a_python_without_venv_is_named(house: Path, poor: Path) -> None:
    """Debian's python3 comes without the parts that make environments, and perhaps without pip."""
    bare = poor / "python3"
    bare.write_text(
        '#!/bin/sh\ncase "$*" in *import*venv*) exit 1;; *--version*) echo Python 3.11.2;; esac\n'
    )
    bare.chmod(0o755)
    finished = run(["bin/setup"], folder=house, PATH=str(poor), PYTHON="")
    assert finished.returncode == 1
    assert "sudo apt-get install python3-venv" in finished.stderr


def test_setup_says_what_it_can_be_asked(house: Path) -> None:
    finished = run(["bin/setup", "everything"], folder=house)
    assert finished.returncode == 1
    assert "takes nothing, or 'dev'; not 'everything'" in finished.stderr


def test_apt_is_left_alone_where_we_have_no_rights(house: Path, poor: Path) -> None:
    finished = run(["bin/apt-install", "chromium"], folder=house, PATH=str(poor))
    assert finished.returncode == 1
    assert finished.stdout == ""


def test_a_missing_browser_is_an_error_in_continuous_integration(house: Path, poor: Path) -> None:
    (house / "bin" / "setup").write_text("#!/bin/sh\n")
    finished = run(["bin/test"], folder=house, PATH=str(poor), NEXUS_BROWSER="", CI="true")
    assert finished.returncode == 1
    assert "under CI=true the browser tests must run" in finished.stderr


def test_a_missing_browser_is_said_on_a_persons_machine(house: Path, poor: Path) -> None:
    (house / "bin" / "setup").write_text("#!/bin/sh\n")
    python = house / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "browser=$NEXUS_BROWSER, $*"\n')
    python.chmod(0o755)
    finished = run(["bin/test"], folder=house, PATH=str(poor), NEXUS_BROWSER="", CI="")
    assert finished.returncode == 0
    assert "the browser tests are skipped" in finished.stdout
    assert "browser=, -m pytest --cov" in finished.stdout
