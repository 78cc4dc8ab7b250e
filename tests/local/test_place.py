"""Is the folder really ours, and is anything taken from somebody else?"""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nexus.local.errors import LocalError
from nexus.local.place import closed_to_others, elsewhere, hold, prepare_folder
from tests.local.conftest import as_root, home


def test_a_new_folder_is_closed_and_out_of_git() -> None:
    with home() as path:
        folder = prepare_folder(path / "deeper")

        assert stat.S_IMODE(folder.stat().st_mode) & 0o066 == 0
        assert (folder / ".gitignore").read_text() == "*\n"
        assert prepare_folder(folder) == folder


def test_an_existing_folder_keeps_its_mode(folder: Path) -> None:
    folder.chmod(0o755)

    prepare_folder(folder)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_a_folder_that_cannot_be_made_is_refused_in_one_sentence() -> None:
    with pytest.raises(LocalError, match=r"cannot use /proc/nexus: .*with --folder\.$"):
        prepare_folder(Path("/proc/nexus"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_refused_in_one_sentence() -> None:
    with home(mode=0o555) as path, pytest.raises(LocalError, match=r"cannot use .*--folder\.$"):
        prepare_folder(path)


def test_only_one_may_hold_the_folder(folder: Path) -> None:
    other = (
        "import sys; from pathlib import Path; from nexus.local.place import hold\n"
        "with hold(Path(sys.argv[1])): pass"
    )
    command = [sys.executable, "-c", other, str(folder)]
    with hold(folder):
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"Nexus already runs from {folder} (process {os.getpid()})" in refused.stderr

    assert subprocess.run(command, check=False).returncode == 0


def test_the_place_elsewhere_belongs_to_the_folder_and_its_id(folder: Path) -> None:
    place = elsewhere(folder)
    assert elsewhere(folder) == place
    assert closed_to_others(place) is None

    (folder / "id").unlink()
    other = elsewhere(folder)
    try:
        assert other != place
    finally:
        other.rmdir()
        place.rmdir()


def test_a_place_that_somebody_else_prepared_is_refused(folder: Path) -> None:
    place = elsewhere(folder)
    place.rmdir()
    # What an attacker would do; it leads to a folder of this test only, lest we open a real one.
    target = folder / "target"
    target.mkdir(mode=0o700)
    place.symlink_to(target)
    try:
        with pytest.raises(LocalError, match=r"cannot use .*: Not a directory\. Remove it"):
            elsewhere(folder)
        assert stat.S_IMODE(target.stat().st_mode) == 0o700
    finally:
        place.unlink()


@as_root
def test_a_place_of_another_account_is_refused(folder: Path) -> None:
    place = elsewhere(folder)
    os.chown(place, 12345, 12345)
    try:
        with pytest.raises(LocalError, match=r"belongs to somebody else\. Remove it"):
            elsewhere(folder)
    finally:
        place.rmdir()


@as_root
def test_the_closed_folder_on_the_way_is_named() -> None:
    with home(mode=0o700) as path:
        folder = prepare_folder(path)
        assert closed_to_others(folder) == folder.parent
