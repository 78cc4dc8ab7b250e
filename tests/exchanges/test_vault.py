"""Does a sealed key open for its owner only, and stay out of everything that is shown?"""

import base64
import copy
import json
import pickle
from dataclasses import replace

import orjson
import pytest
from pydantic import SecretStr

from nexus.exchanges.errors import KeyLockedError
from nexus.exchanges.key_provider import LocalKeys
from nexus.exchanges.vault import KeyPair, Owner, SealedKey, Vault, open_vault
from nexus.settings import Settings

PAIR = KeyPair("canary-key-1234", "canary-secret")
OWNER = Owner(user_id=1, venue="binance", account_id=2, version=1)
VAULT = Vault(LocalKeys([bytes(range(32))]))


def test_it_opens_what_it_sealed() -> None:
    opened = VAULT.open_key(VAULT.seal(PAIR, OWNER), OWNER)
    assert (opened.key, opened.secret) == (PAIR.key, PAIR.secret)


@pytest.mark.parametrize(
    "other",
    [
        replace(OWNER, user_id=9),
        replace(OWNER, venue="paper"),
        replace(OWNER, account_id=9),
        replace(OWNER, version=2),
    ],
)
def test_a_row_that_was_moved_does_not_open(other: Owner) -> None:
    with pytest.raises(KeyLockedError):
        VAULT.open_key(VAULT.seal(PAIR, OWNER), other)


@pytest.mark.parametrize("part", ["wrap_nonce", "wrapped_dek", "nonce", "ciphertext"])
def test_a_changed_byte_does_not_open(part: str) -> None:
    sealed = VAULT.seal(PAIR, OWNER)
    changed = bytes([getattr(sealed, part)[0] ^ 1]) + getattr(sealed, part)[1:]
    with pytest.raises(KeyLockedError):
        VAULT.open_key(replace(sealed, **{part: changed}), OWNER)


def test_a_destroyed_data_key_does_not_open() -> None:
    with pytest.raises(KeyLockedError):
        VAULT.open_key(replace(VAULT.seal(PAIR, OWNER), wrapped_dek=b""), OWNER)


def test_two_records_swapped_do_not_open() -> None:
    mine, theirs = VAULT.seal(PAIR, OWNER), VAULT.seal(PAIR, replace(OWNER, user_id=9))
    with pytest.raises(KeyLockedError):
        VAULT.open_key(replace(mine, ciphertext=theirs.ciphertext, nonce=theirs.nonce), OWNER)


def test_another_installation_opens_nothing_and_says_which_key_it_needs() -> None:
    other = Vault(LocalKeys([bytes(32)]))
    with pytest.raises(KeyLockedError) as refused:
        other.open_key(VAULT.seal(PAIR, OWNER), OWNER)
    assert VAULT.keys.kid in str(refused.value)
    assert other.keys.kid in str(refused.value)
    assert "canary" not in str(refused.value)


def test_no_two_records_share_a_key_or_a_nonce() -> None:
    records = [VAULT.seal(PAIR, OWNER) for _ in range(50)]
    for part in ("wrap_nonce", "wrapped_dek", "nonce", "ciphertext"):
        assert len({getattr(record, part) for record in records}) == 50


def test_nothing_of_the_key_is_stored_in_the_clear() -> None:
    sealed = VAULT.seal(PAIR, OWNER)
    assert "canary" not in repr(sealed)
    assert sealed.last4 == "1234"
    assert b"canary" not in sealed.ciphertext


def test_a_rewrapped_key_opens_under_the_new_key_and_its_ciphertext_is_untouched() -> None:
    new = bytes(reversed(range(32)))
    both = Vault(LocalKeys([new, bytes(range(32))]))
    sealed = VAULT.seal(PAIR, OWNER)
    fresh = both.rewrap(sealed.wrapped, OWNER)
    again = replace(
        sealed, kid=fresh.kid, wrap_nonce=fresh.wrap_nonce, wrapped_dek=fresh.wrapped_dek
    )
    assert Vault(LocalKeys([new])).open_key(again, OWNER).secret == PAIR.secret
    with pytest.raises(KeyLockedError):
        VAULT.open_key(again, OWNER)
    with pytest.raises(KeyLockedError):
        both.rewrap(sealed.wrapped, replace(OWNER, user_id=9))


def test_a_key_in_the_clear_shows_four_letters_only() -> None:
    for shown in (repr(PAIR), str(PAIR), f"{PAIR}", f"{[PAIR]}"):
        assert shown.strip("[]") == "KeyPair(...1234)"


def test_a_key_in_the_clear_is_never_serialised() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(PAIR)
    with pytest.raises(TypeError):
        copy.copy(PAIR)
    with pytest.raises(TypeError):
        json.dumps(PAIR)
    with pytest.raises(TypeError):
        orjson.dumps(PAIR)


def test_without_its_key_the_vault_stays_shut() -> None:
    with pytest.raises(KeyLockedError, match="KEY_ENCRYPTION_KEY"):
        open_vault(Settings(key_encryption_key=SecretStr("")))


def test_the_vault_of_the_settings() -> None:
    text = base64.b64encode(bytes(range(32))).decode()
    sealed: SealedKey = VAULT.seal(PAIR, OWNER)
    assert (
        open_vault(Settings(key_encryption_key=SecretStr(text))).open_key(sealed, OWNER).key
        == PAIR.key
    )
