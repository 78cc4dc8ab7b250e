"""How does a restarted simulator become what it was?

Every line of the state file is applied in order, through the same functions that changed the
accounts the first time.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from nexus.simulator.accounts import FIRST_UID, make_account
from nexus.simulator.errors import SimulatorError
from nexus.simulator.exchange import ALIVE_EVERY, Exchange
from nexus.simulator.journal import Line, read_state
from nexus.simulator.keys import recall_key
from nexus.simulator.market import Stretch, after_outage
from nexus.simulator.orders import Fill, Order

# A shorter absence is bridged: the market went on, only our door was closed.
BRIDGED = 120_000


@dataclass(slots=True)
class Remembered:
    """A state file, read and sorted: what the market needs before the accounts can be filled."""

    seed: int | None = None
    stretches: list[Stretch] = field(default_factory=list)
    alive_at: int = 0
    market_at: int = 0
    lines: list[Line] = field(default_factory=list)


def remember(path: Path | None, seed: int) -> Remembered:
    """Read the state file. SimulatorError when it belongs to another seed or is damaged."""
    found = Remembered()
    for line in read_state(path):
        kind, data = line["kind"], line["data"]
        if kind == "open":
            found.seed = data["seed"]
        elif kind == "stretch":
            found.stretches.append(Stretch(data["time"], data["index"]))
        elif kind == "alive":
            found.alive_at, found.market_at = data["at"], data["market"]
        else:
            found.lines.append(line)
    if found.seed not in (None, seed):
        message = (
            f"The state file {path} was made with --seed {found.seed}; "
            "start with that seed or choose another --state."
        )
        raise SimulatorError(message)
    return found


def resume_stretches(found: Remembered, now: int) -> list[Stretch]:
    """Return the generated market's course up to `now`; a long absence becomes an outage."""
    # The last sign of life may be up to one interval old when the process was killed.
    stopped = found.market_at + ALIVE_EVERY
    if not found.stretches or now - stopped <= BRIDGED:
        return found.stretches
    return after_outage(found.stretches, stopped, now)


def restore(exchange: Exchange, found: Remembered) -> None:
    """Fill accounts, orders, balances and journal from the remembered lines."""
    # What the market did while our door was closed still meets the resting orders.
    exchange.swept_at = min(found.market_at or exchange.swept_at, exchange.swept_at)
    for line in found.lines:
        RESTORERS[line["kind"]](exchange, line["data"])


def _restore_account(exchange: Exchange, data: Line) -> None:
    account = make_account(exchange.seed, data["uid"] - FIRST_UID, data["created"])
    exchange.add_account(account, Decimal(data["balance"]))


def _restore_key(exchange: Exchange, data: Line) -> None:
    """Take a key back as it was last; there is one line for every change."""
    exchange.keys[data["key"]] = recall_key(data)


def _restore_money(exchange: Exchange, data: Line) -> None:
    account = exchange.by_uid[data["uid"]]
    exchange.move_money(account, data["asset"], Decimal(data["delta"]))


def _restore_rules(exchange: Exchange, data: Line) -> None:
    account = exchange.by_uid[data["uid"]]
    account.can_trade, account.kind = data["can_trade"], data["account_type"]


def _restore_door(exchange: Exchange, data: Line) -> None:
    exchange.record.recall(data)


def _restore_entry(exchange: Exchange, entry: Line) -> None:
    exchange.journal.recall(entry)
    if entry["outcome"] == "rejected":
        exchange.count_refusal(entry["endpoint"])
        return
    fills = [_fill(data) for data in entry["fills"]]
    exchange.next_trade_id = max([exchange.next_trade_id, *(one.trade_id + 1 for one in fills)])
    if entry["endpoint"].startswith("POST"):
        exchange.next_order_id = max(exchange.next_order_id, entry["order_id"] + 1)
        exchange.admit_order(_order(exchange, entry), fills, entry["order"]["status"])
        return
    order = exchange.by_uid[entry["account"]].open_orders[entry["order_id"]]
    if entry["endpoint"] == "match":
        exchange.fill_resting(order, fills)
    else:
        exchange.drop_order(order, entry["at"])


def _order(exchange: Exchange, entry: Line) -> Order:
    data = entry["order"]
    if data["symbol"] not in exchange.market.listings:
        message = (
            f"The state file has orders in {data['symbol']}, which is not traded now; "
            "start with the same symbols or choose another --state."
        )
        raise SimulatorError(message)
    return Order(
        order_id=entry["order_id"],
        uid=entry["account"],
        symbol=data["symbol"],
        client_id=entry["client_id"],
        side=data["side"],
        kind=data["type"],
        tif=data["tif"],
        price=Decimal(data["price"]),
        qty=Decimal(data["qty"]),
        quote_qty=Decimal(data["quote_qty"]),
        created=data["created"],
        updated=data["created"],
        stop_price=Decimal(data.get("stop_price", 0)),
        # Order counts are of this process; what happened before it is no longer counted.
        counted=False,
    )


def _fill(data: Line) -> Fill:
    return Fill(
        trade_id=data["trade_id"],
        price=Decimal(data["price"]),
        qty=Decimal(data["qty"]),
        commission=Decimal(data["commission"]),
        commission_asset=data["commission_asset"],
        maker=data["maker"],
        at=data["at"],
    )


RESTORERS = {
    "account": _restore_account,
    "key": _restore_key,
    "money": _restore_money,
    "rules": _restore_rules,
    "door": _restore_door,
    "entry": _restore_entry,
}
