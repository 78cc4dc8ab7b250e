"""Is each kind of somebody's money told apart, and nothing made up where a price is missing?"""

from dataclasses import replace
from decimal import Decimal

from nexus.feed.money import moneys_of
from nexus.portfolio.read_today import Today
from tests.templates.samples import HOLDING, WAITING
from tests.templates.samples_portfolio import TODAY

ZERO = Decimal(0)


def test_practice_and_real_money_are_never_added_up() -> None:
    real = replace(HOLDING, id=18, venue="binance", value=Decimal(7), realised=Decimal(5))
    practice = replace(HOLDING, venue="paper", value=Decimal(1000), realised=Decimal(200))
    live, paper = moneys_of([TODAY], [practice, real])
    assert (live.today.practice, paper.today) == (False, TODAY)
    assert (live.bots.value, live.bots.realised) == (Decimal(7), Decimal(5))
    assert (paper.bots.value, paper.bots.realised) == (Decimal(1000), Decimal(200))


def test_what_no_account_tells_any_more_is_not_known_and_its_result_stays() -> None:
    (left,) = moneys_of([], [replace(WAITING, venue="binance", realised=Decimal(-3))])
    assert left.today == Today(practice=False, currency="USDT", equity=None, result=None)
    assert left.bots.realised == -3


def test_an_account_without_a_bot_holds_nothing_in_bots() -> None:
    (mine,) = moneys_of([TODAY], [])
    assert (mine.bots.value, mine.bots.unrealised, mine.bots.realised) == (ZERO, ZERO, ZERO)


def test_one_position_without_a_price_leaves_the_sum_unknown() -> None:
    unpriced = replace(HOLDING, id=19, value=None, unrealised=None)
    (mine,) = moneys_of([], [HOLDING, unpriced])
    assert (mine.bots.value, mine.bots.unrealised) == (None, None)
    assert mine.bots.realised == HOLDING.realised * 2
