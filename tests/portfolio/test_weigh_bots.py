"""Is practice money never added to real money, and a missing price never taken for nothing?"""

from dataclasses import replace
from decimal import Decimal

from nexus.portfolio.search_trades import SIMULATED_KINDS
from nexus.portfolio.weigh_bots import purses_of
from tests.templates.samples_portfolio import FLAT, PRACTICE, REAL


def test_kinds_of_money_stay_apart_and_real_money_is_first() -> None:
    real, practice = purses_of([PRACTICE, FLAT, REAL])
    assert (real.words, practice.words) == ("Real money, USDT", "Practice money, USDT")
    assert [bot.id for bot in real.bots] == [19, 18]
    assert practice.total.result == Decimal("8.75") - Decimal("12.30")


def test_in_the_demo_no_money_is_called_real() -> None:
    words = [purse.words for purse in purses_of([PRACTICE, REAL], SIMULATED_KINDS)]
    assert words == ["Simulated exchange, USDT", "Practice money, USDT"]


def test_without_a_price_there_is_no_sum() -> None:
    (purse,) = purses_of([REAL, replace(FLAT, account_label="Other")])
    assert (purse.total.value, purse.total.unrealised, purse.total.result) == (None, None, None)
    assert purse.total.realised == REAL.realised + FLAT.realised
    assert [account.value for account in purse.accounts] == [None, 0]


def test_nothing_is_nothing() -> None:
    assert purses_of([]) == []
