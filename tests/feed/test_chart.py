"""Is the chart shaded where the gate was shut, and does each trade stand at its candle?"""

from datetime import datetime, timedelta
from decimal import Decimal

from nexus.core.db import insert_rows
from nexus.execution.models import OrderRow
from nexus.feed.bot_views import SpanView
from nexus.feed.chart import marks_of, shaded, spans_of
from nexus.market.models import CandleRow
from nexus.regime.models import GateChange
from tests.scenes import AT, Scene
from tests.scripted import BTC

HOUR = timedelta(hours=1)


def hourly(count: int) -> list[CandleRow]:
    """Give candles that open each full hour from AT on."""
    amount = Decimal(100)
    return [
        CandleRow(
            symbol=BTC, timeframe="1h", open_time=AT + HOUR * number, open=amount, high=amount,
            low=amount, close=amount, volume=amount, gap_before=False,
        )
        for number in range(count)
    ]  # fmt: skip


async def gate(scene: Scene, *changes: tuple[float, bool]) -> None:
    """Let the gate change its word, so many hours after AT each."""
    rows = [
        {
            "symbol": BTC, "at": AT + HOUR * hours, "entries_allowed": is_open, "code": "",
            "regime": "bullish", "reason": f"at {hours}",
        }
        for hours, is_open in changes
    ]  # fmt: skip
    async with scene.database.transaction() as tx:
        await tx.execute(*insert_rows(GateChange, rows))


async def zones(scene: Scene, since: datetime = AT) -> list[tuple[datetime, datetime | None]]:
    async with scene.database.transaction() as tx:
        return [(s.since, s.until) for s in await spans_of(tx, BTC, since) if s.shut]


async def test_a_shut_gate_is_a_zone_until_it_opens(scene: Scene) -> None:
    await gate(scene, (1, False), (3, True), (5, False))
    assert await zones(scene) == [(AT + HOUR, AT + 3 * HOUR), (AT + 5 * HOUR, None)]


async def test_a_gate_shut_before_the_chart_is_shut_from_its_first_candle(scene: Scene) -> None:
    await gate(scene, (-9, False), (-8, True), (-2, False), (2, True))
    assert await zones(scene) == [(AT, AT + 2 * HOUR)]


async def test_two_reasons_after_each_other_are_two_zones_that_touch(scene: Scene) -> None:
    await gate(scene, (1, False), (2, False), (3, True))
    assert await zones(scene) == [(AT + HOUR, AT + 2 * HOUR), (AT + 2 * HOUR, AT + 3 * HOUR)]


def test_a_candle_is_shaded_when_any_part_of_it_was_shut() -> None:
    span = SpanView(AT + HOUR * 1.5, AT + HOUR * 3, "bearish", shut=True, reason="")
    drawn = shaded(hourly(5), [span], HOUR)
    assert [candle["blocked"] for candle in drawn] == [False, True, True, False, False]
    open_end = shaded(hourly(3), [SpanView(AT + HOUR, None, "bearish", shut=True, reason="")], HOUR)
    assert [candle["blocked"] for candle in open_end] == [False, True, True]


def test_a_candle_has_the_regime_it_ended_in() -> None:
    spans = [
        SpanView(AT + HOUR, AT + HOUR * 2.5, "bullish", shut=False, reason=""),
        SpanView(AT + HOUR * 2.5, None, "sideways", shut=True, reason=""),
    ]
    drawn = shaded(hourly(4), spans, HOUR)
    assert [candle["regime"] for candle in drawn] == ["", "bullish", "sideways", "sideways"]
    assert [candle["blocked"] for candle in drawn] == [False, False, True, True]


async def test_each_trade_stands_at_its_candle(scene: Scene) -> None:
    bot, other = await scene.bot(), await scene.bot()
    await scene.place(await scene.enter())
    [mine, _] = sorted(await scene.orders(), key=lambda order: order.bot_id)
    await scene.change(OrderRow, mine.id, sent_at=AT + HOUR * 1.9)
    async with scene.database.transaction() as tx:
        marks = await marks_of(tx, bot, hourly(3))
        assert await marks_of(tx, other, hourly(3)[1:]) == [], "it was before the first candle"
    assert [(mark["time"], mark["side"]) for mark in marks] == [
        (int((AT + HOUR).timestamp()), "buy")
    ]
