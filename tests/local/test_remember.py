"""Does the folder remember its secrets and ports, and keep the secrets private?"""

import base64
import socket
import stat
from pathlib import Path

import pytest

from nexus.local.errors import LocalError
from nexus.local.remember import last_port, remembered_port, remembered_secrets, write_private
from nexus.settings import Settings


def test_secrets_are_made_once_and_readable_by_the_owner_only(folder: Path) -> None:
    secrets = remembered_secrets(folder)

    assert remembered_secrets(folder) == secrets
    assert stat.S_IMODE((folder / "secrets.env").stat().st_mode) == 0o600
    assert len(base64.b64decode(secrets["KEY_ENCRYPTION_KEY"], validate=True)) == 32
    assert len(set(secrets.values())) == len(secrets)


def test_the_settings_accept_the_secrets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in remembered_secrets(folder).items():
        monkeypatch.setenv(name, value)

    assert Settings().session_secret.get_secret_value()
    assert Settings().key_encryption_key.get_secret_value()
    assert Settings().vapid_private_key.get_secret_value()


def test_a_missing_secret_is_made_and_the_others_stay(folder: Path) -> None:
    before = remembered_secrets(folder)
    path = folder / "secrets.env"
    kept = [line for line in path.read_text().splitlines() if not line.startswith("SESSION")]
    path.write_text("\n".join(kept))

    after = remembered_secrets(folder)

    assert after["SESSION_SECRET"] not in ("", before["SESSION_SECRET"])
    assert {**after, "SESSION_SECRET": ""} == {**before, "SESSION_SECRET": ""}


def test_a_port_is_remembered_until_somebody_else_has_it(folder: Path) -> None:
    port = remembered_port(folder, "simulator")
    assert remembered_port(folder, "simulator") == port
    assert last_port(folder, "simulator") == port

    with socket.create_server(("127.0.0.1", port)):
        assert remembered_port(folder, "simulator") != port


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"simulator": "x"}', "null"])
def test_a_damaged_port_file_is_as_good_as_none(folder: Path, text: str) -> None:
    (folder / "ports.json").write_text(text)

    port = remembered_port(folder, "simulator")

    assert last_port(folder, "simulator") == port


def test_a_file_that_cannot_be_written_is_said(folder: Path) -> None:
    with pytest.raises(LocalError, match=r"cannot write .*Choose another with --folder\."):
        write_private(folder / "missing" / "file", "text")
