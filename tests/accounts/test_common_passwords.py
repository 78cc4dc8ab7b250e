"""Are the lists what they say they are, and is only what is on them refused?"""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.accounts import common_passwords
from nexus.accounts.common_passwords import DECORATION, is_common
from nexus.accounts.passwords import LONGEST, SHORTEST

HERE = Path(common_passwords.__file__).parent


def lines(name: str) -> list[str]:
    return (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def test_the_list_holds_ten_thousand_that_could_be_chosen() -> None:
    listed = lines("common_passwords")
    assert len(listed) == len(set(listed)) >= 10_000
    assert {len(password) >= SHORTEST for password in listed} == {True}
    assert max(len(password) for password in listed) <= LONGEST


def test_the_words_are_shorter_and_undecorated() -> None:
    listed = lines("common_words")
    assert len(listed) == len(set(listed)) == 5_000
    assert all(word == word.strip(DECORATION) and 4 <= len(word) < SHORTEST for word in listed)


@pytest.mark.parametrize("name", ["common_passwords", "common_words"])
def test_both_are_written_the_way_they_are_compared(name: str) -> None:
    listed = lines(name)
    assert listed == sorted(unicodedata.normalize("NFKC", word).casefold() for word in listed)


@given(st.sampled_from(lines("common_words")), st.text(DECORATION), st.text(DECORATION))
def test_no_decoration_saves_a_common_word(word: str, before: str, after: str) -> None:
    assert is_common(before + word.upper() + after)


@pytest.mark.parametrize(
    "password", ["correct horse battery", "seven quiet herons wading", "2024", "", "x7#kQz"]
)
def test_what_is_not_on_a_list_is_not_common(password: str) -> None:
    assert not is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "nexusnexusnexus",
        "Binance-Trading-2026",
        "bitcoinbitcoin!",
        "my nexus trading bot",
        "ETH.btc.usdt.okx",
    ],
)
def test_what_is_made_of_our_own_words_is_refused(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password", ["correct horse battery", "the trader sleeps badly", "moonlight over the sea"]
)
def test_a_word_of_ours_among_others_is_not_held_against_anybody(password: str) -> None:
    assert not is_common(password)
