"""What do OKX's answers say? Turns their JSON into our words, with every number a Decimal.

Every answer is `{"code", "msg", "data": [...]}`. Amounts are text; one that does not apply is "".
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from nexus.exchanges.answers import UnreadableError, read_amount, read_moment
from nexus.exchanges.protocol import Fill, Filters, Report, VenueStatus

STATES = {
    "live": VenueStatus.NEW,
    "partially_filled": VenueStatus.PARTIALLY_FILLED,
    "filled": VenueStatus.FILLED,
    "canceled": VenueStatus.CANCELED,
    "mmp_canceled": VenueStatus.CANCELED,
}
UNLIMITED = Decimal(1_000_000_000)


def instrument(symbol: str) -> str:
    """Write a symbol the way OKX does: BTC/USDT becomes BTC-USDT."""
    return symbol.replace("/", "-")


def okx_client_id(client_order_id: str) -> str:
    """Write our client id the way OKX takes it: letters and digits only.

    Ours is `nx-` and base32, so nothing but the one dash goes and no two become the same.
    """
    return client_order_id.replace("-", "")


def read_rows(body: Any) -> list[Mapping[str, Any]]:
    """Read the rows of an answer."""
    rows = body.get("data") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableError("the answer has no rows")
    return rows


def read_row(body: Any) -> Mapping[str, Any]:
    """Read the one row of an answer."""
    rows = read_rows(body)
    if len(rows) != 1:
        raise UnreadableError(f"the answer has {len(rows)} rows, not one")
    return rows[0]


def read_okx_order(body: Any, client_order_id: str) -> Report:
    """Read an order, without its fills; raises UnreadableError when it is not ours."""
    row = read_row(body)
    state = STATES.get(str(row.get("state")))
    if state is None or not row.get("ordId"):
        raise UnreadableError("the answer has no order id or no known state")
    if row.get("clOrdId") != okx_client_id(client_order_id):
        raise UnreadableError("the answer is about another order")
    executed = read_amount(row, "accFillSz")
    average = read_amount(row, "avgPx") if executed else Decimal(0)
    return Report(str(row["ordId"]), client_order_id, state, executed, executed * average)


def read_okx_fills(body: Any) -> tuple[Fill, ...]:
    """Read the trades of an order. OKX writes a fee as what it does to the account: negative."""
    return tuple(
        Fill(
            trade_id=str(row.get("tradeId")),
            price=read_amount(row, "fillPx"),
            quantity=read_amount(row, "fillSz"),
            fee=-_signed(row, "fee"),
            fee_asset=str(row.get("feeCcy")),
            at=read_moment(row.get("ts")),
        )
        for row in read_rows(body)
    )


def read_okx_balances(body: Any) -> dict[str, Decimal]:
    """Read what is free, per asset; some account modes leave `availBal` empty."""
    found = {}
    for row in read_row(body).get("details", ()):
        named = next((n for n in ("availBal", "availEq", "cashBal") if row.get(n)), "availBal")
        found[str(row.get("ccy"))] = read_amount(row, named)
    return {asset: free for asset, free in found.items() if free}


def read_okx_filters(body: Any, symbols: Iterable[str]) -> dict[str, Filters]:
    """Read the filters of `symbols`; one the answer does not hold is left out."""
    told = {row.get("instId"): row for row in read_rows(body)}
    return {
        symbol: _filters(symbol, told[instrument(symbol)])
        for symbol in symbols
        if instrument(symbol) in told
    }


def add_okx_volumes(filters: Mapping[str, Filters], body: Any) -> dict[str, Filters]:
    """Add to each symbol what was traded of it in 24 hours."""
    told = {row.get("instId"): row for row in read_rows(body)}
    return {
        symbol: _with_volume(item, told[instrument(symbol)]) if instrument(symbol) in told else item
        for symbol, item in filters.items()
    }


def read_okx_round_trip_bps(body: Any) -> Decimal:
    """Read what an account pays to buy and sell at the market once; a fee is negative."""
    return -_signed(read_row(body), "taker") * 2 * 10_000


def read_okx_rights(body: Any) -> dict[str, Any]:
    """Say what a key may do, in the words the connect page checks: Binance's."""
    row = read_row(body)
    rights = set(_words(row, "perm"))
    return {
        "enableReading": "read_only" in rights,
        "enableSpotAndMarginTrading": "trade" in rights,
        "enableWithdrawals": "withdraw" in rights,
        # OKX knows no rights of their own for these: sending to others is a withdrawal, too.
        "enableInternalTransfer": "withdraw" in rights,
        "permitsUniversalTransfer": "withdraw" in rights,
        "ipRestrict": bool(_words(row, "ip")),
    }


def _filters(symbol: str, row: Mapping[str, Any]) -> Filters:
    largest = read_amount(row, "maxMktSz") if row.get("maxMktSz") else UNLIMITED
    return Filters(
        symbol=symbol,
        tick_size=read_amount(row, "tickSz"),
        step_size=read_amount(row, "lotSz"),
        min_quantity=read_amount(row, "minSz"),
        max_quantity=largest,
        # OKX's minimum is a quantity, whatever that is worth.
        min_notional=Decimal(0),
        trading=row.get("state") == "live",
    )


def _with_volume(item: Filters, row: Mapping[str, Any]) -> Filters:
    return Filters(
        item.symbol, item.tick_size, item.step_size, item.min_quantity, item.max_quantity,
        item.min_notional, item.trading,
        quote_volume=read_amount(row, "volCcy24h"), last_price=read_amount(row, "last"),
    )  # fmt: skip


def _signed(row: Mapping[str, Any], name: str) -> Decimal:
    """Read an amount that may be below zero."""
    try:
        amount = Decimal(str(row[name]))
    except (KeyError, InvalidOperation) as error:
        raise UnreadableError(f"{name} is missing or not a number") from error
    if not amount.is_finite():
        raise UnreadableError(f"{name} is not a finite amount")
    return amount


def _words(row: Mapping[str, Any], name: str) -> Sequence[str]:
    if not isinstance(row.get(name), str):
        raise UnreadableError(f"the answer has no {name}")
    return [word for word in row[name].split(",") if word]
