"""What do the events of Binance's user data stream say? Turns their one-letter names into facts."""

from collections.abc import Mapping
from typing import Any

from nexus.exchanges.answers import UnreadableError, read_amount, read_moment
from nexus.exchanges.binance_answers import STATUSES
from nexus.exchanges.protocol import Fill
from nexus.exchanges.user_stream import BalancesHeard, MoneyMoved, OrderHeard, StreamFact

TRADE = "TRADE"
ENDED = "eventStreamTerminated"
GOING_AWAY = "serverShutdown"


def read_event(account_id: int, event: Mapping[str, Any]) -> StreamFact | None:
    """Read one event of an account; None for those that mean nothing to us.

    Raises UnreadableError when an event that matters is not whole.
    """
    try:
        match event["e"]:
            case "executionReport":
                return _order(account_id, event)
            case "outboundAccountPosition":
                free = {str(one["a"]): read_amount(one, "f") for one in event["B"]}
                return BalancesHeard(account_id, free, read_moment(event["u"]))
            case "balanceUpdate":
                return MoneyMoved(account_id, str(event["a"]))
    except (KeyError, TypeError) as error:
        raise UnreadableError(f"an event lacks {error}") from error
    return None


def _order(account_id: int, event: Mapping[str, Any]) -> OrderHeard:
    status = STATUSES.get(str(event["X"]))
    if status is None:
        raise UnreadableError("an event has no known status")
    return OrderHeard(
        account_id=account_id,
        market=str(event["s"]),
        exchange_order_id=str(event["i"]),
        # A cancel has an id of its own; `C` then names the order that it cancels.
        client_order_id=str(event.get("C") or event["c"]),
        status=status,
        executed_quantity=read_amount(event, "z"),
        executed_quote=read_amount(event, "Z"),
        fill=_fill(event) if event["x"] == TRADE else None,
    )


def _fill(event: Mapping[str, Any]) -> Fill:
    return Fill(
        trade_id=str(event["t"]),
        price=read_amount(event, "L"),
        quantity=read_amount(event, "l"),
        fee=read_amount(event, "n"),
        fee_asset=str(event["N"] or ""),
        at=read_moment(event["T"]),
    )
