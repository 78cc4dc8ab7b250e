"""Is the right password right, and everything else as slow and as wrong?"""

import asyncio

import pytest
from argon2 import PasswordHasher

from nexus.accounts import passwords
from nexus.accounts.errors import AccountRefusedError, TooBusyError
from nexus.accounts.passwords import (
    DUMMY_HASH,
    HASHER,
    check_new_password,
    hash_password,
    needs_rehash,
    verify_password,
)


async def test_only_the_right_password_matches() -> None:
    stored = await hash_password("correct horse battery")
    assert await verify_password(stored, "correct horse battery")
    assert not await verify_password(stored, "correct horse batterz")


def test_the_cost_is_what_guessing_is_to_cost() -> None:
    # Imported before the fixture made passwords quick, so this is the real one.
    assert HASHER.hash("x" * 12).startswith("$argon2id$v=19$m=65536,t=3,p=1$")


def test_nobodys_hash_costs_what_a_real_one_costs() -> None:
    assert not HASHER.check_needs_rehash(DUMMY_HASH)


async def test_an_account_without_password_checks_nobodys_hash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "DUMMY_HASH", passwords.HASHER.hash("right for nobody"))
    assert not await verify_password("", "right for nobody")


async def test_a_hash_that_is_none_matches_nothing() -> None:
    assert not await verify_password("not a hash", "correct horse battery")


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 129])
async def test_too_short_and_too_long_are_refused(password: str) -> None:
    with pytest.raises(AccountRefusedError, match="12 to 128") as refused:
        await hash_password(password)
    assert refused.value.field == "password"


@pytest.mark.parametrize("password", ["x" * 13, "x" * 128, "            ", "пароль из слов"])
def test_no_other_rule_is_asked(password: str) -> None:
    check_new_password(password)


@pytest.mark.parametrize(
    "password",
    [
        "qwertyuiop12",
        "1qaz2wsx3edc",
        "QWERTYuiop12",
        "Password123!",
        "!!liverpool2024",
        "welcome12345",
    ],
)
def test_what_attackers_try_first_is_refused(password: str) -> None:
    with pytest.raises(AccountRefusedError, match="attackers try first") as refused:
        check_new_password(password)
    assert refused.value.field == "password"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("lovelace@example.com", "xx lovelace xx"),
        (" LoveLace@example.com", "my lovelACE poem"),
        ("ada.l@example.com", "ada.l@example.com"),
    ],
)
def test_ones_own_address_is_no_password(email: str, password: str) -> None:
    with pytest.raises(AccountRefusedError, match="contains your e-mail"):
        check_new_password(password, email)


def test_a_short_name_may_stand_in_a_password_by_chance() -> None:
    check_new_password("a canadian canoe", "ada@example.com")


async def test_letters_composed_differently_are_the_same() -> None:
    stored = await hash_password("caf\u00e9 au lait, please")
    assert await verify_password(stored, "cafe\u0301 au lait, please")


async def test_too_many_at_once_are_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_MOST_WAITING", 2)
    checks = [verify_password("", "some password") for _ in range(5)]
    results = await asyncio.gather(*checks, return_exceptions=True)
    assert [isinstance(result, TooBusyError) for result in results] == [False] * 2 + [True] * 3
    assert not await verify_password("", "some password"), "the places are given back"


def test_an_older_cost_is_noticed() -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash("x" * 12)
    assert needs_rehash(weaker)
    assert not needs_rehash(passwords.HASHER.hash("x" * 12))
