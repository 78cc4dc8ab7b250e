"""Fill paper orders: a venue of our own that takes every market order at the last known price.

It keeps its own book (`paper_balances`, `paper_orders`), as a real venue would, so that the
ledger can be checked against it. One `send` is one transaction, however many orders it holds.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from nexus.core.db import Database
from nexus.exchanges.by_haste import no_stops_here
from nexus.exchanges.fill_paper import Book, PaperCosts, PaperFill, fill
from nexus.exchanges.models import PaperBalance, PaperOrder
from nexus.exchanges.paper_book import (
    OrderKey,
    lock_book,
    order_key,
    report,
    taken_ids,
    write_book,
    write_orders,
)
from nexus.exchanges.protocol import (
    Accepted,
    Account,
    Answer,
    Capabilities,
    ExchangeAwayError,
    Filters,
    Intent,
    NotPlaced,
    Outcome,
    Rejected,
    Report,
    Unclear,
)
from nexus.settings import TradingSettings

Prices = Callable[[Sequence[str]], Awaitable[Mapping[str, Decimal]]]
"""Gives the last believed price per symbol; a symbol without one is left out."""


class Paper:
    """The paper venue. Everything but the money is as at a real one: filters, fees, refusals."""

    def __init__(
        self,
        database: Database,
        settings: TradingSettings,
        prices: Prices,
        filters: Mapping[str, Filters] | None = None,
    ) -> None:
        self.database = database
        self.prices = prices
        self.known_filters = filters or {}
        self.costs = PaperCosts(settings.paper_fee_bps, settings.paper_slippage_bps)
        self.capabilities = Capabilities(
            venue="paper",
            taker_fee_bps=settings.paper_fee_bps,
            client_id_pattern="^[a-zA-Z0-9-_]{1,36}$",
            client_id_unique_among="all orders of an account",
            finds_by_client_id=True,
        )

    async def send(self, intents: Sequence[Intent]) -> AsyncGenerator[Answer, None]:
        """Fill all of them in one transaction, the earlier ones first."""
        outcomes: Iterable[Outcome]
        try:
            prices = await self.prices(sorted({intent.symbol for intent in intents}))
        except Exception as error:  # noqa: BLE001  whatever it was, nothing has been placed
            missing = NotPlaced(0, f"the price could not be read: {type(error).__name__}")
            outcomes = [missing] * len(intents)
        else:
            outcomes = await self._fill_all(intents, prices)
        for intent, outcome in zip(intents, outcomes, strict=True):
            yield Answer(intent, outcome)

    async def find(self, account: Account, symbol: str, client_order_id: str) -> Report | None:
        """Look one order up in the paper book."""
        wanted = select(PaperOrder).where(
            PaperOrder.account_id == account.id,
            PaperOrder.client_order_id == client_order_id,
            PaperOrder.symbol == symbol,
        )
        try:
            async with self.database.transaction() as tx:
                row = (await tx.scalars(wanted)).one_or_none()
        except SQLAlchemyError as error:
            raise _away(error) from error
        return None if row is None else report(row)

    async def cancel(self, account: Account, symbol: str, client_order_id: str) -> Outcome:
        """Refuse: every paper order is filled at once, so there is nothing to cancel."""
        del account, symbol, client_order_id
        return no_stops_here()

    async def balances(self, account: Account) -> dict[str, Decimal]:
        """Read what the paper book says is free."""
        wanted = select(PaperBalance).where(PaperBalance.account_id == account.id)
        try:
            async with self.database.transaction() as tx:
                return {row.asset: row.free for row in await tx.scalars(wanted)}
        except SQLAlchemyError as error:
            raise _away(error) from error

    async def filters(self, symbols: Sequence[str]) -> dict[str, Filters]:
        """Give the filters it was told, and plain ones for symbols it was told nothing of."""
        return {symbol: self.known_filters.get(symbol, plain_filters(symbol)) for symbol in symbols}

    async def close(self) -> None:
        """Do nothing: it has no connections of its own."""

    async def _fill_all(
        self, intents: Sequence[Intent], prices: Mapping[str, Decimal]
    ) -> list[Outcome]:
        """Fill the intents in order, against one locked copy of their accounts' books."""
        try:
            async with self.database.transaction() as tx:
                book = await lock_book(tx, sorted({intent.account.id for intent in intents}))
                before, taken = dict(book), await taken_ids(tx, intents)
                results = [self._fill_one(intent, prices, book, taken) for intent in intents]
                reports = await write_orders(tx, [r for r in results if isinstance(r, PaperFill)])
                await write_book(tx, before, book)
        except SQLAlchemyError as error:
            # The commit itself may be what failed, so only a look at the book can tell.
            return [Unclear(f"the paper book failed: {type(error).__name__}")] * len(intents)
        return [
            Accepted(reports[order_key(result.intent)]) if isinstance(result, PaperFill) else result
            for result in results
        ]

    def _fill_one(
        self,
        intent: Intent,
        prices: Mapping[str, Decimal],
        book: Book,
        taken: set[OrderKey],
    ) -> PaperFill | Rejected | NotPlaced | Unclear:
        """Fill one intent, if its client id is new and there is a price."""
        if intent.stop_price is not None:
            return no_stops_here()
        if order_key(intent) in taken:
            return Unclear("an order with this client id exists", exists=True)
        price = prices.get(intent.symbol)
        if price is None or not price.is_finite() or price <= 0:
            return NotPlaced(0, f"there is no price for {intent.symbol}")
        filters = self.known_filters.get(intent.symbol, plain_filters(intent.symbol))
        result = fill(intent, price, filters, book, self.costs)
        if isinstance(result, PaperFill):
            taken.add(order_key(intent))
        return result


def plain_filters(symbol: str) -> Filters:
    """Give filters like Binance's for BTC/USDT, for a symbol nothing better is known of."""
    return Filters(
        symbol,
        tick_size=Decimal("0.01"),
        step_size=Decimal("0.00001"),
        min_quantity=Decimal("0.00001"),
        max_quantity=Decimal(1_000_000_000),
        min_notional=Decimal(5),
    )


def _away(error: SQLAlchemyError) -> ExchangeAwayError:
    return ExchangeAwayError(f"The paper book cannot be read: {type(error).__name__}.")
