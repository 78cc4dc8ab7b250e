"""Are Binance's own examples read to the last digit, and nonsense refused?"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nexus.exchanges.answers import UnreadableError, read_amount, read_moment
from nexus.exchanges.binance_answers import (
    add_volumes,
    read_balances,
    read_candles,
    read_fills,
    read_filters,
    read_order,
    read_round_trip_bps,
    read_tickers,
)
from nexus.exchanges.paper import plain_filters
from nexus.exchanges.protocol import VenueStatus
from tests.exchanges.venue import filled

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "binance"


def official(name: str) -> Any:
    """Read the body of one of Binance's documented examples."""
    path = DATA / "official_examples" / f"{name}.json"
    if not path.exists():
        pytest.skip("Binance's official examples are not on this machine")
    return json.loads(path.read_text())["body"]


def test_the_official_full_answer() -> None:
    body = official("POST_order_3")
    report = read_order(body)
    assert report.exchange_order_id == "28"
    assert report.client_order_id == "6gCrw2kRUAF9CvJDGP16IP"
    assert report.status is VenueStatus.FILLED
    assert [fill.trade_id for fill in report.fills] == ["56", "57", "58", "59", "60"]
    assert sum(fill.quantity for fill in report.fills) == report.executed_quantity == 10
    assert report.fills[1].fee == Decimal("19.995")
    assert report.fills[0].at == datetime(2017, 10, 11, 12, 32, 56, 595_000, tzinfo=UTC)


def test_the_official_query_and_trades() -> None:
    report = read_order(official("GET_order_1"))
    assert report.status is VenueStatus.NEW
    assert report.executed_quantity == 0
    [trade] = read_fills(official("GET_myTrades_1"))
    assert (trade.trade_id, trade.price) == ("28457", Decimal("4.00000100"))
    assert (trade.quantity, trade.fee) == (Decimal(12), Decimal("10.1"))
    assert trade.fee_asset == "BNB"


def test_the_official_balances() -> None:
    assert read_balances(official("GET_account_1")) == {
        "BTC": Decimal("4723846.89208129"),
        "LTC": Decimal("4763368.68006011"),
    }


def test_the_official_tickers_and_klines() -> None:
    [bnb, ltc] = read_tickers(official("GET_ticker_24hr_4"), ["BNB/BTC", "LTC/BTC", "ETH/BTC"])
    assert (bnb.symbol, bnb.price) == ("BNB/BTC", Decimal("4.000002"))
    assert ltc.at == read_moment(1656994592899)
    [candle] = read_candles(official("GET_klines_1"))
    assert candle.open_time == datetime(2017, 7, 3, tzinfo=UTC)
    assert (candle.open, candle.volume) == (Decimal("0.0163479"), Decimal("148976.11427815"))


def test_real_filters_take_the_stricter_lot() -> None:
    path = DATA / "recorded_binanceus_exchangeInfo_symbols.json"
    if not path.exists():
        pytest.skip("the recorded filters are not on this machine")
    filters = read_filters(json.loads(path.read_text()), ["BTC/USDT", "NOT/THERE"])
    assert list(filters) == ["BTC/USDT"]
    assert filters["BTC/USDT"].step_size == Decimal("0.00001")
    assert filters["BTC/USDT"].max_quantity == Decimal("14.41875058")
    assert filters["BTC/USDT"].min_notional == 1
    assert filters["BTC/USDT"].trading


def rules(status: str = "TRADING", **market_lot: str) -> dict[str, Any]:
    lot = {"filterType": "LOT_SIZE", "minQty": "0.1", "maxQty": "9000", "stepSize": "0.1"}
    return {
        "symbols": [
            {
                "symbol": "BTCUSDT",
                "status": status,
                "filters": [
                    {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
                    lot,
                    lot | {"filterType": "MARKET_LOT_SIZE"} | market_lot,
                    {"filterType": "NOTIONAL", "minNotional": "5"},
                ],
            }
        ]
    }


def test_a_larger_market_step_wins_and_a_zero_is_off() -> None:
    strict = read_filters(rules(stepSize="1", minQty="2", maxQty="0"), ["BTC/USDT"])["BTC/USDT"]
    assert (strict.step_size, strict.min_quantity) == (Decimal(1), Decimal(2))
    assert strict.max_quantity == 9000


@pytest.mark.parametrize("status", ["HALT", "BREAK", "CANCEL_ONLY", ""])
def test_only_trading_trades(status: str) -> None:
    assert not read_filters(rules(status), ["BTC/USDT"])["BTC/USDT"].trading


def test_fills_that_do_not_add_up_must_be_fetched() -> None:
    """A later look brings them; half of them would be booked as the whole."""
    whole = read_order(filled("nx-1"))
    assert sum(fill.quantity for fill in whole.fills) == whole.executed_quantity
    partial = read_order(filled("nx-1", executedQty="0.00300000"))
    assert (partial.executed_quantity, partial.fills) == (Decimal("0.003"), ())


def test_expired_in_match_is_expired() -> None:
    body = {
        "orderId": 1, "clientOrderId": "nx", "status": "EXPIRED_IN_MATCH",
        "executedQty": "0", "cummulativeQuoteQty": "0",
    }  # fmt: skip
    assert read_order(body).status is VenueStatus.EXPIRED


def test_values_are_passed_on_unjudged_but_never_guessed() -> None:
    """NaN and zero go on to the market stage, which counts them; a missing value has no place."""
    entries = [
        {"symbol": "BTCUSDT", "lastPrice": "NaN", "closeTime": 1},
        {"symbol": "ETHUSDT", "lastPrice": "many", "closeTime": 1},
        {"symbol": "LTCUSDT", "lastPrice": "1"},
        {"symbol": "XRPUSDT", "lastPrice": "1", "closeTime": 1},
        "nonsense",
    ]
    tickers = read_tickers(entries, ["BTC/USDT", "ETH/USDT", "LTC/USDT"])
    assert [ticker.symbol for ticker in tickers] == ["BTC/USDT"]
    assert tickers[0].price.is_nan()


@pytest.mark.parametrize("rows", [{}, None, [[1]], [[1, "a", "b", "c", "d", "e"]], [None], [7]])
def test_candles_that_are_none_are_refused(rows: Any) -> None:
    with pytest.raises(UnreadableError):
        read_candles(rows)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-1", "", None, "1,5"])
def test_an_amount_is_finite_and_not_negative(text: Any) -> None:
    with pytest.raises(UnreadableError):
        read_amount({"qty": text}, "qty")


@pytest.mark.parametrize("value", [None, "soon", 10**20, [], "1e3"])
def test_a_time_is_a_number_of_milliseconds(value: Any) -> None:
    with pytest.raises(UnreadableError):
        read_moment(value)


@pytest.mark.parametrize("body", [None, [], {}, {"balances": [{}]}, {"balances": None}, 5])
def test_balances_that_are_none_are_refused(body: Any) -> None:
    with pytest.raises(UnreadableError):
        read_balances(body)


def test_the_official_commission_adds_up_to_a_round_trip() -> None:
    """Three commissions, each for taking twice, for buying once and for selling once."""
    if not DATA.exists():
        pytest.skip("the official examples are not here")
    body = json.loads((DATA / "official_examples" / "GET_account_commission_1.json").read_text())
    standard = 2 * Decimal("0.00000020") + Decimal("0.00000030") + Decimal("0.00000040")
    special = 2 * Decimal("0.02") + Decimal("0.03") + Decimal("0.04")
    tax = 2 * Decimal("0.00000114") + Decimal("0.00000118") + Decimal("0.00000116")
    assert read_round_trip_bps(body["body"]) == (standard + special + tax) * 10_000


@pytest.mark.parametrize("body", [None, [], {}, {"standardCommission": {"taker": "NaN"}}])
def test_a_commission_that_is_not_whole_is_unreadable(body: Any) -> None:
    with pytest.raises(UnreadableError):
        read_round_trip_bps(body)


def test_volumes_are_added_where_they_are_told() -> None:
    known = {symbol: plain_filters(symbol) for symbol in ("BTC/USDT", "ETH/USDT")}
    told = [{"symbol": "BTCUSDT", "quoteVolume": "12.5", "lastPrice": "3"}, "junk"]
    found = add_volumes(known, told)
    assert (found["BTC/USDT"].quote_volume, found["BTC/USDT"].last_price) == (
        Decimal("12.5"),
        Decimal(3),
    )
    assert found["ETH/USDT"] == known["ETH/USDT"]
    with pytest.raises(UnreadableError):
        add_volumes(known, [{"symbol": "BTCUSDT", "quoteVolume": "NaN", "lastPrice": "3"}])
