"""Where does the paper venue keep its record? Reads and writes of its two tables, in bulk."""

from collections.abc import Sequence

from sqlalchemy import select

from nexus.core.clock import now
from nexus.core.db import Transaction, among, insert_rows, upsert
from nexus.exchanges.fill_paper import Book, PaperFill, quote_amount
from nexus.exchanges.models import PaperBalance, PaperOrder
from nexus.exchanges.protocol import Fill, Intent, Report, Side, VenueStatus

OrderKey = tuple[int, str]
"""An order of the paper venue: the account's id and the client order id."""


def order_key(intent: Intent) -> OrderKey:
    return intent.account.id, intent.client_order_id


async def lock_book(tx: Transaction, account_ids: Sequence[int]) -> Book:
    """Read what the accounts have free, and keep every other `send` away from them.

    Rows are locked in one order everywhere, so that two batches cannot block each other.
    """
    wanted = (
        select(PaperBalance.account_id, PaperBalance.asset, PaperBalance.free)
        .where(among(PaperBalance.account_id, account_ids))
        .order_by(PaperBalance.account_id, PaperBalance.asset)
        .with_for_update()
    )
    return {(account, asset): free for account, asset, free in await tx.execute(wanted)}


async def taken_ids(tx: Transaction, intents: Sequence[Intent]) -> set[OrderKey]:
    """Say which of the client ids were used before, by account. Call it after `lock_book`."""
    wanted = select(PaperOrder.account_id, PaperOrder.client_order_id).where(
        among(PaperOrder.account_id, {intent.account.id for intent in intents}),
        among(PaperOrder.client_order_id, {intent.client_order_id for intent in intents}),
    )
    return {(account, client_id) for account, client_id in await tx.execute(wanted)}


async def write_orders(tx: Transaction, fills: Sequence[PaperFill]) -> dict[OrderKey, Report]:
    """Write the filled orders down and report each."""
    if not fills:
        return {}
    at = now()
    rows = [
        {
            "account_id": filled.intent.account.id,
            "client_order_id": filled.intent.client_order_id,
            "symbol": filled.intent.symbol,
            "side": filled.intent.side.value,
            "quantity": filled.intent.quantity,
            "price": filled.price,
            "fee": filled.fee,
            "fee_asset": filled.fee_asset,
            "at": at,
        }
        for filled in fills
    ]
    statement, columns = insert_rows(PaperOrder, rows)
    whole = select(PaperOrder).from_statement(statement.returning(PaperOrder))
    written = await tx.scalars(whole, columns)
    return {(row.account_id, row.client_order_id): report(row) for row in written}


async def write_book(tx: Transaction, before: Book, after: Book) -> None:
    """Write down every balance that has changed."""
    changed = [
        {"account_id": account, "asset": asset, "free": free}
        for (account, asset), free in after.items()
        if before.get((account, asset)) != free
    ]
    await upsert(tx, PaperBalance, changed, keys=["account_id", "asset"])


def report(row: PaperOrder) -> Report:
    """Say of an order what a venue would: filled whole, in one trade."""
    number = str(row.id)
    quote = quote_amount(Side(row.side), row.quantity, row.price)
    trade = Fill(number, row.price, row.quantity, row.fee, row.fee_asset, row.at)
    return Report(
        number, row.client_order_id, VenueStatus.FILLED, row.quantity, quote, fills=(trade,)
    )
