"""Is value conserved, whatever is ordered and however the market moves?"""

from collections import Counter
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus.simulator.call import Call
from nexus.simulator.cancel import cancel_all
from nexus.simulator.clock import ManualClock
from nexus.simulator.errors import ApiError
from nexus.simulator.exchange import Exchange
from nexus.simulator.params import Params
from nexus.simulator.place import place_order
from nexus.simulator.server import SimulatorOptions, build_exchange
from nexus.simulator.settle import commission_on

SIDES = st.sampled_from(["BUY", "SELL"])
MARKET_ORDERS = st.fixed_dictionaries(
    {"side": SIDES, "type": st.just("MARKET"), "quantity": st.integers(1, 20_000)}
)
QUOTE_ORDERS = st.fixed_dictionaries(
    {"side": SIDES, "type": st.just("MARKET"), "quoteOrderQty": st.integers(5, 9_000)}
)
LIMIT_ORDERS = st.fixed_dictionaries(
    {
        "side": SIDES,
        "type": st.just("LIMIT"),
        "timeInForce": st.sampled_from(["GTC", "GTC", "GTC", "IOC", "FOK"]),
        "quantity": st.integers(1, 20_000),
        "price": st.integers(76_000, 90_000),
    }
)
CANCELS = st.just({"type": "CANCEL"})
PAUSES = st.fixed_dictionaries({"type": st.just("WAIT"), "seconds": st.integers(1, 90)})
STEPS = st.lists(st.one_of(MARKET_ORDERS, QUOTE_ORDERS, LIMIT_ORDERS, CANCELS, PAUSES), max_size=25)


def totals(exchange: Exchange) -> Counter[str]:
    """Everything there is of each asset: accounts, house and fees together."""
    sums: Counter[str] = Counter()
    for account in exchange.by_uid.values():
        for purse in (account.free, account.locked):
            for asset, amount in purse.items():
                assert amount >= 0, (asset, amount)
                sums[asset] += amount  # type: ignore[assignment]
    for purse in (exchange.books.house, exchange.books.fees):
        for asset, amount in purse.items():
            sums[asset] += amount  # type: ignore[assignment]
    return sums


def perform(exchange: Exchange, uid: int, step: dict[str, object]) -> None:
    clock = exchange.clock
    assert isinstance(clock, ManualClock)
    if step["type"] == "WAIT":
        clock.set(clock.now() + int(str(step["seconds"])) * 1_000)
        exchange.advance()
        return
    sent = {"symbol": "BTCUSDT", **step}
    if "quantity" in step:
        sent["quantity"] = f"{Decimal(int(str(step['quantity']))) / 100_000:f}"
    call = Call(exchange, Params(urlencode(sent)), exchange.now(), exchange.by_uid[uid])
    try:
        cancel_all(call) if step["type"] == "CANCEL" else place_order(call)
    except ApiError:
        return


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), STEPS), max_size=4))
def test_no_value_is_made_or_lost(rounds: list[tuple[int, list[dict[str, object]]]]) -> None:
    exchange = build_exchange(
        SimulatorOptions(accounts=2, seed=5, manual_clock=True, symbols=("BTCUSDT",))
    )
    uids = list(exchange.by_uid)
    for who, steps in rounds:
        for step in steps:
            perform(exchange, uids[who], step)
            assert {asset: total for asset, total in totals(exchange).items() if total} == {}
    for account in exchange.by_uid.values():
        reserved = sum(order.reserved for order in account.open_orders.values() if order.is_buy)
        assert account.locked["USDT"] == reserved


@pytest.mark.parametrize(
    ("received", "fee"),
    [("1", "0.001"), ("0.00001", "0.00000001"), ("0.00000999", "0"), ("803.5599", "0.80355990")],
)
def test_the_commission_is_a_thousandth_in_eight_decimals(received: str, fee: str) -> None:
    assert commission_on(Decimal(received)) == Decimal(fee)
