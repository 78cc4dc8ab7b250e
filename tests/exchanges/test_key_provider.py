"""Are key-encryption keys read from where they are kept safely, and from nowhere else?"""

import base64
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from nexus.exchanges.errors import KeyLockedError
from nexus.exchanges.key_provider import LocalKeys, read_keys
from nexus.settings import Settings

NEW, OLD = bytes(range(32)), bytes(range(1, 33))
BOUND = b"whose it is"


def text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def key_file(folder: Path, *lines: str, mode: int = 0o600) -> Settings:
    path = folder / "kek"
    path.write_text("\n".join(lines))
    path.chmod(mode)
    return Settings(key_encryption_key_file=str(path))


def test_the_newest_wraps_and_the_older_ones_only_unwrap() -> None:
    keys = read_keys(
        Settings(
            key_encryption_key=SecretStr(text(NEW)), key_encryption_keys_old=SecretStr(text(OLD))
        )
    )
    before = LocalKeys([OLD]).wrap(b"data key", BOUND)
    assert keys.unwrap(before, BOUND) == b"data key"
    fresh = keys.wrap(b"data key", BOUND)
    assert fresh.kid == keys.kid == LocalKeys([NEW]).kid != before.kid
    with pytest.raises(KeyLockedError, match="KEY_ENCRYPTION_KEYS_OLD"):
        LocalKeys([OLD]).unwrap(fresh, BOUND)


def test_a_file_holds_one_key_a_line(tmp_path: Path) -> None:
    keys = read_keys(key_file(tmp_path, "# the newest first", text(NEW), "", text(OLD), ""))
    assert keys.kid == LocalKeys([NEW]).kid
    assert keys.unwrap(LocalKeys([OLD]).wrap(b"x", BOUND), BOUND) == b"x"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(KeyLockedError, match="chmod 600") as refused:
        read_keys(key_file(tmp_path, text(NEW), mode=mode))
    assert text(NEW) not in str(refused.value)


@pytest.mark.parametrize("lines", [[], ["# nothing"], ["c2hvcnQ="], ["not base64 at all!"]])
def test_a_file_without_keys_is_refused(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(KeyLockedError, match="32 bytes"):
        read_keys(key_file(tmp_path, *lines))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyLockedError, match="cannot be read"):
        read_keys(Settings(key_encryption_key_file=str(tmp_path / "nothing")))


def test_what_is_bound_to_somebody_else_does_not_unwrap() -> None:
    keys = LocalKeys([NEW])
    with pytest.raises(KeyLockedError):
        keys.unwrap(keys.wrap(b"data key", BOUND), b"somebody else")


def test_older_keys_of_the_wrong_length_are_refused_at_the_start() -> None:
    with pytest.raises(ValidationError, match="32 bytes"):
        Settings(key_encryption_keys_old=SecretStr("c2hvcnQ="))
