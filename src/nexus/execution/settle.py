"""Move positions and balances by new fills, and by nothing else."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from decimal import Decimal

from sqlalchemy import and_, func, select, update

from nexus.bots.hold import Execution, Held, after_fill
from nexus.bots.models import Holding
from nexus.core.clock import now
from nexus.core.db import Transaction, among, insert_rows, upsert
from nexus.exchanges.models import AccountBalance, ExchangeAccount, SymbolFilter
from nexus.execution.models import FillRow, OrderRow
from nexus.fanout.models import PlanRow
from nexus.fanout.size import round_down
from nexus.strategy.models import DecisionRow


async def settle_fills(
    tx: Transaction, fills: Sequence[FillRow], plans: Mapping[int, PlanRow]
) -> None:
    """Apply fills, given the plan of each fill's order, to holdings and balances."""
    if not fills:
        return
    await _move_holdings(tx, fills, plans)
    await _move_balances(tx, fills)


async def left_to_sell(tx: Transaction, orders: Sequence[OrderRow]) -> dict[int, Decimal]:
    """Say what bots still hold, by bot, that their venue would sell, after these sales ended.

    An order may be smaller than what is held: the venue has a largest one, or coins were locked.
    Nothing is said of an order whose fills are not all known, for they would lower what is held.
    """
    known = select(func.sum(FillRow.quantity)).where(FillRow.order_id == OrderRow.id)
    rows = await tx.execute(
        select(OrderRow, Holding.quantity, SymbolFilter)
        .join(Holding, Holding.bot_id == OrderRow.bot_id)
        .join(ExchangeAccount, ExchangeAccount.id == OrderRow.account_id)
        .join(
            SymbolFilter,
            and_(
                SymbolFilter.venue == ExchangeAccount.venue, SymbolFilter.symbol == OrderRow.symbol
            ),
        )
        .where(
            among(OrderRow.id, {order.id for order in orders}),
            OrderRow.executed_quantity > 0,
            known.scalar_subquery() == OrderRow.executed_quantity,
        )
    )
    left: dict[int, Decimal] = {}
    for order, held, rules in rows:
        rest = round_down(held, rules.step_size)
        worth = rest * order.executed_quote / order.executed_quantity
        if rest > 0 and rest >= rules.min_quantity and worth >= rules.min_notional:
            left[order.bot_id] = rest
    return left


async def leave_trades(tx: Transaction, bot_ids: Sequence[int]) -> None:
    """Note that bots have sold what can be sold: what is left is dust and no position."""
    if bot_ids:
        await tx.execute(
            update(Holding).where(among(Holding.bot_id, bot_ids)).values(trade_id=None, layers=0)
        )


async def _move_holdings(
    tx: Transaction, fills: Sequence[FillRow], plans: Mapping[int, PlanRow]
) -> None:
    held = await _locked_holdings(tx, {fill.bot_id for fill in fills})
    trades = await _trades(tx, plans.values())
    for fill in fills:
        plan = plans[fill.order_id]
        before = held.get(fill.bot_id, Held())
        base, _, quote = fill.symbol.partition("/")
        execution = Execution(
            fill.side == "buy", fill.price, fill.quantity, fill.fee, fill.fee_asset, fill.at
        )
        after = after_fill(before, execution, base, quote)
        held[fill.bot_id] = _in_trade(after, plan, trades)
    await _write_holdings(tx, held)


def _in_trade(held: Held, plan: PlanRow, trades: Mapping[int, tuple[int | None, int]]) -> Held:
    """Note which of the leader's trades a position belongs to: buying joins it."""
    if plan.side != "buy" or plan.decision_id is None:
        return held
    trade_id, layer = trades[plan.decision_id]
    return replace(held, trade_id=trade_id, layers=layer)


async def _locked_holdings(tx: Transaction, bot_ids: set[int]) -> dict[int, Held]:
    """Lock what each bot holds; a bot that never held anything gets its row first, to be locked.

    Without the row, two reports of a bot's first fills could each start from nothing.
    """
    nothing = {"updated_at": now(), **asdict(Held())}
    statement, columns = insert_rows(Holding, [{"bot_id": b, **nothing} for b in sorted(bot_ids)])
    await tx.execute(statement.on_conflict_do_nothing(), columns)
    rows = await tx.execute(
        select(
            Holding.bot_id, Holding.quantity, Holding.cost, Holding.realised, Holding.trade_id,
            Holding.layers, Holding.day, Holding.day_result, Holding.lost_at,
        )
        .where(among(Holding.bot_id, bot_ids))
        .order_by(Holding.bot_id)
        .with_for_update()
    )  # fmt: skip
    return {row[0]: Held(*row[1:]) for row in rows}


async def _trades(tx: Transaction, plans: Iterable[PlanRow]) -> dict[int, tuple[int | None, int]]:
    """Read which trade and layer each plan's decision belongs to."""
    ids = {plan.decision_id for plan in plans if plan.decision_id is not None}
    rows = await tx.execute(
        select(DecisionRow.id, DecisionRow.trade_id, DecisionRow.layer).where(
            among(DecisionRow.id, ids)
        )
    )
    return {row.id: (row.trade_id, row.layer) for row in rows}


async def _write_holdings(tx: Transaction, held: Mapping[int, Held]) -> None:
    rows = [
        {"bot_id": bot_id, "updated_at": now(), **asdict(position)}
        for bot_id, position in sorted(held.items())
    ]
    await upsert(tx, Holding, rows, keys=["bot_id"])


async def _move_balances(tx: Transaction, fills: Sequence[FillRow]) -> None:
    """Move our record of what is free, until the exchange is next asked."""
    moves: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for fill in fills:
        base, _, quote = fill.symbol.partition("/")
        sign = 1 if fill.side == "buy" else -1
        moves[fill.account_id, base] += sign * fill.quantity
        moves[fill.account_id, quote] -= sign * fill.quantity * fill.price
        if fill.fee:
            moves[fill.account_id, fill.fee_asset] -= fill.fee
    rows = [
        {"account_id": account, "asset": asset, "free": moved, "as_of": now()}
        for (account, asset), moved in sorted(moves.items())
    ]
    await upsert(tx, AccountBalance, rows, keys=["account_id", "asset"], adding=["free"])
