"""What becomes of the bots of an account that is paused or removed?"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import exists, func, select, update

from nexus.accounts.audit import write_audit
from nexus.accounts.events import SecondFactorLost
from nexus.bots.close import finish_close
from nexus.bots.events import BotChanged
from nexus.bots.models import Bot, CloseRequest, Holding, RestingStop
from nexus.core.clock import now
from nexus.core.db import Transaction, one_of
from nexus.exchanges.connect import destroy_key
from nexus.exchanges.models import ExchangeAccount, KeyDrop

REMOVED = "You removed its exchange account."


@dataclass(frozen=True, slots=True)
class BotOnAccount:
    """A bot that a pause or a removal concerns."""

    id: int
    symbol: str
    status: str
    quantity: Decimal
    stop_rests: bool = False
    """Whether a stop of its may still sell at the exchange."""

    @property
    def base(self) -> str:
        """What it holds when it holds something."""
        return self.symbol.partition("/")[0]


async def bots_on(tx: Transaction, account_id: int) -> list[BotOnAccount]:
    """List the bots of an account that are not stopped, or that hold something of a trade."""
    held = func.coalesce(Holding.quantity, 0)
    stop_rests = exists().where(
        RestingStop.bot_id == Bot.id,
        one_of(RestingStop.status, "PLACING", "UNKNOWN", "RESTING", "CANCELLING"),
    )
    rows = await tx.execute(
        select(Bot.id, Bot.symbol, Bot.status, held, stop_rests)
        .outerjoin(Holding, (Holding.bot_id == Bot.id) & Holding.trade_id.is_not(None))
        .where(Bot.account_id == account_id, (Bot.status != "stopped") | (held > 0))
        .order_by(Bot.id)
    )
    return [BotOnAccount(*row) for row in rows]


async def pause_account(tx: Transaction, user_id: int, account_id: int, network: str) -> None:
    """Buy nothing more on an account; what its bots hold they still sell."""
    account = await _lock(tx, user_id, account_id)
    if account is None or account.paused_at is not None:
        return
    account.paused_at = now()
    if account.status == "active":
        account.status = "paused"
    await _tell(tx, account, "account_paused", network)


async def pause_live_accounts(tx: Transaction, facts: Sequence[SecondFactorLost]) -> None:
    """Buy nothing more with real money for people who have no second factor any more."""
    live = (
        select(ExchangeAccount.user_id, ExchangeAccount.id)
        .where(
            ExchangeAccount.user_id.in_([fact.user_id for fact in facts]),
            ExchangeAccount.venue != "paper",
        )
        .order_by(ExchangeAccount.id)
    )
    for user_id, account_id in (await tx.execute(live)).all():
        await pause_account(tx, user_id, account_id, network="")


async def resume_account(tx: Transaction, user_id: int, account_id: int, network: str) -> None:
    """Let the bots of an account follow entries again."""
    account = await _lock(tx, user_id, account_id)
    if account is None or account.paused_at is None:
        return
    account.paused_at = None
    if account.status == "paused":
        account.status, account.status_reason = "active", ""
    await _tell(tx, account, "account_resumed", network)


async def remove_account(tx: Transaction, user_id: int, account_id: int, network: str) -> bool:
    """Destroy an account's key and stop its bots; what they hold stays at the exchange.

    From the commit on nothing can be claimed for it, and nothing claimed before can be signed.
    """
    account = await _lock(tx, user_id, account_id)
    if account is None or account.venue == "paper":
        return False
    account.status, account.status_reason = "removed", "Removed by its owner."
    await destroy_key(tx, account.id)
    await tx.execute(
        update(KeyDrop)
        .where(KeyDrop.account_id == account.id)
        .values(key_box=None, secret_box=None)
    )
    await _stop_bots(tx, account.id, user_id)
    await _tell(tx, account, "account_removed", network)
    return True


async def _stop_bots(tx: Transaction, account_id: int, user_id: int) -> None:
    waiting = (
        select(CloseRequest.id)
        .join(Bot, Bot.id == CloseRequest.bot_id)
        .where(Bot.account_id == account_id, CloseRequest.finished_at.is_(None))
    )
    # Stopped first: the sale of a bot that is no longer closing is not tried again.
    await tx.execute(
        update(Bot)
        .where(Bot.account_id == account_id, Bot.status != "stopped")
        .values(
            status="stopped", status_reason=REMOVED, status_at=now(), status_by=f"user:{user_id}"
        )
    )
    for request_id in (await tx.scalars(waiting)).all():
        await finish_close(tx, request_id, sold=False, outcome=REMOVED)


async def _lock(tx: Transaction, user_id: int, account_id: int) -> ExchangeAccount | None:
    account: ExchangeAccount | None = await tx.scalar(
        select(ExchangeAccount)
        .where(
            ExchangeAccount.id == account_id,
            ExchangeAccount.user_id == user_id,
            ExchangeAccount.status != "removed",
        )
        .with_for_update()
    )
    return account


async def _tell(tx: Transaction, account: ExchangeAccount, act: str, network: str) -> None:
    """Redraw the bots of this account where they are shown, and write down who did it."""
    bots = await tx.scalars(select(Bot.id).where(Bot.account_id == account.id))
    tx.announce(*(BotChanged(bot_id, account.user_id) for bot_id in bots))
    await tx.flush()
    await write_audit(
        tx, act, user_id=account.user_id, actor_id=account.user_id, network=network,
        account=account.id, venue=account.venue,
    )  # fmt: skip
