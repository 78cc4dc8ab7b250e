"""What must every adapter do? The same tests against each; `test_<venue>.py` lends the stand.

A subclass gives a `stand` fixture: a venue that really answers, with two funded accounts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal

from nexus.exchanges.protocol import (
    Accepted,
    Account,
    Answer,
    Exchange,
    Intent,
    NotPlaced,
    Outcome,
    Rejected,
    Report,
    Side,
    Unclear,
    VenueStatus,
)
from nexus.execution.client_id import client_order_id


@dataclass(frozen=True)
class Stand:
    """A venue to test, two accounts with 10,000 USDT each, and the price it trades near."""

    exchange: Exchange
    alice: Account
    bob: Account
    price: Decimal
    symbol: str = "BTC/USDT"
    step: Decimal = Decimal("0.00001")
    """Orders are in multiples of this."""
    too_poor: int = -2010
    """The venue's code for an order that cannot be paid."""
    breaks_filters: Mapping[str, int] = field(
        default_factory=lambda: {"0.00001": -1013, "0.0100001": -1013}
    )
    """Quantities that break a rule of the venue, and its code for each."""

    def buy(self, client_id: str, usdt: int, account: Account | None = None) -> Intent:
        """Write down a buy for about `usdt`."""
        quantity = (usdt / self.price).quantize(self.step, ROUND_DOWN)
        return Intent(
            order_id=1,
            account=account or self.alice,
            client_order_id=client_id,
            symbol=self.symbol,
            side=Side.BUY,
            quantity=quantity,
            reference_price=self.price,
        )


async def send(exchange: Exchange, intents: Sequence[Intent]) -> list[Answer]:
    """Send, and collect the answers as they come."""
    return [answer async for answer in exchange.send(intents)]


async def outcome_of(exchange: Exchange, intent: Intent) -> Outcome:
    """Send one order."""
    [answer] = await send(exchange, [intent])
    assert answer.intent is intent
    return answer.outcome


async def report_of(exchange: Exchange, intent: Intent) -> Report:
    """Send one order that must be taken."""
    outcome = await outcome_of(exchange, intent)
    assert isinstance(outcome, Accepted), outcome
    return outcome.report


def assert_whole(report: Report, intent: Intent) -> None:
    """Check that a report is about the intent, filled whole, and adds up."""
    assert report.client_order_id == intent.client_order_id
    assert report.status is VenueStatus.FILLED
    assert report.executed_quantity == intent.quantity
    assert sum(fill.quantity for fill in report.fills) == intent.quantity
    spent = sum(fill.quantity * fill.price for fill in report.fills)
    assert abs(spent - report.executed_quote) <= Decimal("0.00000001") * len(report.fills)
    assert all(fill.fee > 0 and fill.trade_id for fill in report.fills)
    assert len({fill.trade_id for fill in report.fills}) == len(report.fills)


class Conformance:
    """The tests every adapter passes."""

    async def test_a_buy_is_reported_with_its_fills(self, stand: Stand) -> None:
        intent = stand.buy("nx-buy", 500)
        report = await report_of(stand.exchange, intent)
        assert_whole(report, intent)
        assert {fill.fee_asset for fill in report.fills} == {"BTC"}

    async def test_balances_move_by_what_was_reported_and_nobody_elses(self, stand: Stand) -> None:
        bought = await report_of(stand.exchange, stand.buy("nx-buy", 500))
        after = await stand.exchange.balances(stand.alice)
        fees = sum(fill.fee for fill in bought.fills)
        assert after["USDT"] == 10_000 - bought.executed_quote
        assert after["BTC"] == bought.executed_quantity - fees
        assert await stand.exchange.balances(stand.bob) == {"USDT": 10_000}

    async def test_what_was_bought_can_be_sold(self, stand: Stand) -> None:
        await report_of(stand.exchange, stand.buy("nx-buy", 500))
        before = await stand.exchange.balances(stand.alice)
        quantity = before["BTC"].quantize(stand.step, ROUND_DOWN)
        sale = replace(stand.buy("nx-sell", 1), side=Side.SELL, quantity=quantity)
        sold = await report_of(stand.exchange, sale)
        assert_whole(sold, sale)
        after = await stand.exchange.balances(stand.alice)
        fees = sum(fill.fee for fill in sold.fills)
        assert {fill.fee_asset for fill in sold.fills} == {"USDT"}
        assert after["USDT"] == before["USDT"] + sold.executed_quote - fees
        assert after.get("BTC", 0) == before["BTC"] - quantity

    async def test_an_order_is_found_as_it_was_reported(self, stand: Stand) -> None:
        report = await report_of(stand.exchange, stand.buy("nx-buy", 500))
        assert await stand.exchange.find(stand.alice, stand.symbol, "nx-buy") == report

    async def test_an_order_is_found_only_by_its_own_account(self, stand: Stand) -> None:
        await report_of(stand.exchange, stand.buy("nx-buy", 500))
        assert await stand.exchange.find(stand.bob, stand.symbol, "nx-buy") is None
        assert await stand.exchange.find(stand.alice, stand.symbol, "nx-other") is None

    async def test_what_cannot_be_paid_is_rejected(self, stand: Stand) -> None:
        outcome = await outcome_of(stand.exchange, stand.buy("nx-rich", 10_500))
        assert isinstance(outcome, Rejected)
        assert outcome.code == stand.too_poor
        assert await stand.exchange.find(stand.alice, stand.symbol, "nx-rich") is None

    async def test_what_breaks_a_filter_is_rejected(self, stand: Stand) -> None:
        for number, (quantity, code) in enumerate(stand.breaks_filters.items()):
            intent = replace(stand.buy(f"nx-{number}", 500), quantity=Decimal(quantity))
            outcome = await outcome_of(stand.exchange, intent)
            assert isinstance(outcome, Rejected)
            assert outcome.code == code
        assert await stand.exchange.balances(stand.alice) == {"USDT": 10_000}

    async def test_a_client_id_that_is_open_or_known_is_not_taken_twice(self, stand: Stand) -> None:
        """A venue that keeps ids says that the order exists; one that forgets them takes it."""
        await report_of(stand.exchange, stand.buy("nx-twice", 100))
        again = await outcome_of(stand.exchange, stand.buy("nx-twice", 100))
        if stand.exchange.capabilities.client_id_unique_among.startswith("open orders"):
            assert isinstance(again, Accepted)
        else:
            assert isinstance(again, Unclear)
            assert again.exists

    async def test_our_client_ids_are_as_the_venue_demands(self, stand: Stand) -> None:
        """The row says which ids the venue takes; every id of ours must be found again."""
        ours, row = client_order_id("test", 7, "decision:1", 1), stand.exchange.capabilities
        written = "".join(letter for letter in ours if letter not in row.client_id_drops)
        assert re.fullmatch(row.client_id_pattern, written)
        report = await report_of(stand.exchange, stand.buy(ours, 100))
        assert report.client_order_id == ours
        assert await stand.exchange.find(stand.alice, stand.symbol, ours) == report

    async def test_its_row_says_what_it_costs(self, stand: Stand) -> None:
        """What was charged is what the row says, so that its fee check is about the truth."""
        bought = await report_of(stand.exchange, stand.buy("nx-fee", 500))
        paid = sum(fill.fee for fill in bought.fills) / bought.executed_quantity * 10_000
        assert abs(paid - stand.exchange.capabilities.taker_fee_bps) < Decimal("0.01")

    async def test_every_intent_gets_one_answer(self, stand: Stand) -> None:
        intents = [
            stand.buy(f"nx-{number}", 20, account)
            for number in range(20)
            for account in (stand.alice, stand.bob)
        ]
        answers = await send(stand.exchange, intents)
        assert sorted(map(id, (answer.intent for answer in answers))) == sorted(map(id, intents))
        assert all(isinstance(answer.outcome, Accepted) for answer in answers)
        spent = (10_000 - (await stand.exchange.balances(stand.bob))["USDT"]) / 20
        assert abs(spent - 20) < 1

    async def test_one_bad_order_spoils_no_other(self, stand: Stand) -> None:
        good, bad = stand.buy("nx-good", 100), stand.buy("nx-bad", 100_000, stand.bob)
        outcomes = {a.intent.client_order_id: a.outcome for a in
                    await send(stand.exchange, [bad, good])}  # fmt: skip
        assert isinstance(outcomes["nx-good"], Accepted)
        assert isinstance(outcomes["nx-bad"], Rejected)

    async def test_nothing_to_send_is_fine(self, stand: Stand) -> None:
        assert await send(stand.exchange, []) == []

    async def test_filters_are_such_that_an_order_by_them_is_taken(self, stand: Stand) -> None:
        filters = (await stand.exchange.filters([stand.symbol]))[stand.symbol]
        assert filters.symbol == stand.symbol
        assert filters.trading
        least = max(filters.min_quantity, filters.min_notional * 2 / stand.price)
        quantity = least - least % filters.step_size + filters.step_size
        intent = replace(stand.buy("nx-least", 1), quantity=quantity)
        assert_whole(await report_of(stand.exchange, intent), intent)

    async def test_a_stop_rests_until_it_is_cancelled(self, stand: Stand) -> None:
        if not stand.exchange.capabilities.rests_stops:
            await self._refuses_stops(stand)
            return
        stop = await _with_stop(stand)
        placed = await report_of(stand.exchange, stop)
        assert (placed.status, placed.executed_quantity) == (VenueStatus.NEW, Decimal(0))
        assert await stand.exchange.find(stand.alice, stand.symbol, "nx-stop") == placed
        assert await stand.exchange.find(stand.bob, stand.symbol, "nx-stop") is None
        ended = await stand.exchange.cancel(stand.alice, stand.symbol, "nx-stop")
        assert isinstance(ended, Accepted)
        assert ended.report == replace(placed, status=VenueStatus.CANCELED)
        assert await stand.exchange.find(stand.alice, stand.symbol, "nx-stop") == ended.report

    async def _refuses_stops(self, stand: Stand) -> None:
        """Check that a venue where no stop of ours rests takes none, and cancels nothing."""
        await report_of(stand.exchange, stand.buy("nx-buy", 500))
        before = await stand.exchange.balances(stand.alice)
        stop = replace(stand.buy("nx-stop", 100), side=Side.SELL, stop_price=stand.price / 2)
        outcome = await outcome_of(stand.exchange, stop)
        assert isinstance(outcome, NotPlaced)
        assert outcome.final
        ended = await stand.exchange.cancel(stand.alice, stand.symbol, "nx-buy")
        assert isinstance(ended, NotPlaced)
        assert await stand.exchange.balances(stand.alice) == before

    async def test_what_a_stop_locks_cannot_be_sold(self, stand: Stand) -> None:
        if not stand.exchange.capabilities.rests_stops:
            return
        stop = await _with_stop(stand)
        await report_of(stand.exchange, stop)
        sale = replace(stop, client_order_id="nx-sale", stop_price=None)
        assert isinstance(await outcome_of(stand.exchange, sale), Rejected)
        await stand.exchange.cancel(stand.alice, stand.symbol, "nx-stop")
        assert_whole(await report_of(stand.exchange, sale), sale)

    async def test_a_cancel_of_what_is_not_open_says_so(self, stand: Stand) -> None:
        if not stand.exchange.capabilities.rests_stops:
            return
        await report_of(stand.exchange, stand.buy("nx-buy", 500))
        for name in ("nx-buy", "nx-never"):
            outcome = await stand.exchange.cancel(stand.alice, stand.symbol, name)
            assert isinstance(outcome, Rejected)

    async def test_a_stop_that_the_price_has_passed_is_refused(self, stand: Stand) -> None:
        if not stand.exchange.capabilities.rests_stops:
            return
        stop = replace(await _with_stop(stand), stop_price=stand.price * 2)
        assert isinstance(await outcome_of(stand.exchange, stop), Rejected)

    async def test_a_stop_locked_twice_is_refused(self, stand: Stand) -> None:
        if not stand.exchange.capabilities.rests_stops:
            return
        stop = await _with_stop(stand)
        await report_of(stand.exchange, stop)
        again = await outcome_of(stand.exchange, stop)
        assert isinstance(again, Unclear)
        assert again.exists
        other = replace(stop, client_order_id="nx-other")
        assert isinstance(await outcome_of(stand.exchange, other), Rejected)


async def _with_stop(stand: Stand) -> Intent:
    """Buy for Alice, and write down a stop for all of it at half the price."""
    await report_of(stand.exchange, stand.buy("nx-buy", 500))
    free = await stand.exchange.balances(stand.alice)
    quantity = free[stand.symbol.partition("/")[0]].quantize(stand.step, ROUND_DOWN)
    half = (stand.price / 2).quantize(Decimal(1))
    sale = replace(stand.buy("nx-stop", 1), side=Side.SELL, quantity=quantity)
    return replace(sale, stop_price=half)
