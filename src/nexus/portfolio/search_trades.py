"""Which trades are looked for? What was typed into the filters, read, and asked of the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select

from nexus.bots.models import Bot
from nexus.core.db import Transaction
from nexus.core.ids import LARGEST_ID
from nexus.core.search import Typed, within_days
from nexus.exchanges.models import ExchangeAccount
from nexus.execution.models import FillRow

LINES = 50
SIDES: Final[Mapping[str, str]] = {"buy": "Bought", "sell": "Sold"}
KINDS: Final[Mapping[str, str]] = {"paper": "Practice money", "live": "Real money"}
SIMULATED_KINDS: Final[Mapping[str, str]] = {**KINDS, "live": "Simulated exchange"}
"""What they are called in the demo, where no money is real."""
PAPER: Final = "paper"


def kinds_of_money(*, demo: bool) -> Mapping[str, str]:
    """Name the kinds of money; in the demo none of it is real."""
    return SIMULATED_KINDS if demo else KINDS


@dataclass(frozen=True, slots=True)
class Choices:
    """What somebody may choose from: only what is theirs."""

    bots: Mapping[int, str]
    accounts: Mapping[int, str]
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TradeSearch:
    """What is looked for; an empty field looks for everything."""

    bot: int | None = None
    account: int | None = None
    symbol: str = ""
    side: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None
    """The last day that counts, whole, in the reader's zone."""
    before: int = LARGEST_ID
    """Only trades older than the one with this id."""


@dataclass(frozen=True, slots=True)
class Trade:
    """One fill as its owner sees it; the value is in quote currency."""

    id: int
    at: datetime
    symbol: str
    side: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    trade_id: str
    bot_id: int
    account_id: int
    account: str
    venue: str

    @property
    def quote(self) -> str:
        """Name the currency the price is in."""
        return self.symbol.partition("/")[2]

    @property
    def value(self) -> Decimal:
        """Say what it came to, before the fee."""
        return self.price * self.quantity


async def choices_of(tx: Transaction, user_id: int) -> Choices:
    """Read what somebody can filter by."""
    rows = await tx.execute(
        select(Bot.id, Bot.strategy, Bot.symbol, Bot.account_id, ExchangeAccount.label)
        .join(ExchangeAccount, ExchangeAccount.id == Bot.account_id)
        .where(Bot.user_id == user_id)
        .order_by(Bot.id)
    )
    found = rows.all()
    return Choices(
        bots={row.id: f"{row.strategy} on {row.symbol}, {row.label}" for row in found},
        accounts={row.account_id: row.label for row in found},
        symbols=tuple(sorted({row.symbol for row in found})),
    )


def read_search(query: Mapping[str, str], choices: Choices) -> tuple[TradeSearch, dict[str, str]]:
    """Read what was typed; gives the search and the mistakes by field, which are left out of it."""
    typed = Typed(query)
    bot = typed.choice("bot", map(str, choices.bots), "Choose one of your bots.")
    account = typed.choice("account", map(str, choices.accounts), "Choose one of your accounts.")
    since, until = typed.days()
    search = TradeSearch(
        bot=int(bot) if bot else None,
        account=int(account) if account else None,
        symbol=typed.choice("symbol", choices.symbols, "Choose one of the symbols."),
        side=typed.choice("side", SIDES, "Choose bought or sold."),
        kind=typed.choice("kind", KINDS, "Choose one of the kinds of money."),
        since=since,
        until=until,
        before=typed.before(),
    )
    return search, typed.errors


async def search_trades(
    tx: Transaction, user_id: int, search: TradeSearch
) -> tuple[list[Trade], int | None]:
    """Find the newest trades; gives them, and where the next page begins, None at the end."""
    query = trades_query(user_id, search).order_by(FillRow.id.desc()).limit(LINES + 1)
    trades = [Trade(**row) for row in (await tx.execute(query)).mappings()]
    return trades[:LINES], trades[LINES - 1].id if len(trades) > LINES else None


def trades_query(user_id: int, search: TradeSearch) -> Select[*tuple[Any, ...]]:
    """Select somebody's own trades that fit a search, in no order yet."""
    return (
        select(
            FillRow.id, FillRow.at, FillRow.symbol, FillRow.side, FillRow.price, FillRow.quantity,
            FillRow.fee, FillRow.fee_asset, FillRow.trade_id, FillRow.bot_id, FillRow.account_id,
            ExchangeAccount.label.label("account"), ExchangeAccount.venue,
        )
        .join(Bot, Bot.id == FillRow.bot_id)
        .join(ExchangeAccount, ExchangeAccount.id == FillRow.account_id)
        .where(Bot.user_id == user_id, FillRow.id < search.before, *_wanted(search))
    )  # fmt: skip


def _wanted(search: TradeSearch) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if search.bot:
        wanted.append(FillRow.bot_id == search.bot)
    if search.account:
        wanted.append(FillRow.account_id == search.account)
    if search.symbol:
        wanted.append(FillRow.symbol == search.symbol)
    if search.side:
        wanted.append(FillRow.side == search.side)
    if search.kind:
        is_paper = ExchangeAccount.venue == PAPER
        wanted.append(is_paper if search.kind == "paper" else ~is_paper)
    return wanted + within_days(FillRow.at, search.since, search.until)
