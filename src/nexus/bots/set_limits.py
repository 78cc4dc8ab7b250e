"""Set one's own limits: in force from the commit on, for every order that is not sent yet."""

from dataclasses import asdict, replace
from decimal import Decimal

from sqlalchemy import delete, select

from nexus.accounts.audit import write_audit
from nexus.bots.breach import keep_peaks
from nexus.bots.events import BotChanged
from nexus.bots.limits import Limits, told, widens
from nexus.bots.models import Bot, LimitsRow, ResultPeak
from nexus.bots.standing import allowances_of, limits_of
from nexus.core.clock import now
from nexus.core.db import Transaction, upsert


async def own_limits(tx: Transaction, user_id: int) -> Limits:
    """Read one person's limits; all of them empty for somebody who set none."""
    return (await limits_of(tx, [user_id])).get(user_id, Limits())


async def set_limits(
    tx: Transaction, user_id: int, limits: Limits, *, proven: bool, network: str
) -> bool:
    """Keep a person's limits; False, and nothing is changed, where wider ones need a proof first.

    A claim reads the limits while it holds the bots against being changed. So this waits for the
    claims under way, and whatever is claimed afterwards keeps to the new ones.
    """
    bots = await _locked_bots(tx, user_id)
    before = await own_limits(tx, user_id)
    limits = _without_idle_boxes(limits)
    if widens(before, limits) and not proven:
        return False
    if limits == before:
        return True
    row = {"user_id": user_id, **asdict(limits), "changed_at": now()}
    await upsert(tx, LimitsRow, [row], keys=["user_id"])
    if before.drawdown is None or limits.drawdown is None:
        await _count_anew(tx, user_id)
    tx.announce(*(BotChanged(bot_id, user_id) for bot_id in bots))
    await write_audit(
        tx, "limits_changed", user_id=user_id, actor_id=user_id, network=network,
        widened=widens(before, limits), **_changes(before, limits),
    )  # fmt: skip
    return True


async def restart_drawdown(tx: Transaction, user_id: int, *, network: str) -> None:
    """Measure the fall from the result of now on: what was lost before counts no more."""
    bots = await _locked_bots(tx, user_id)
    if (await own_limits(tx, user_id)).drawdown is None:
        return
    await _count_anew(tx, user_id)
    tx.announce(*(BotChanged(bot_id, user_id) for bot_id in bots))
    await write_audit(tx, "drawdown_restarted", user_id=user_id, actor_id=user_id, network=network)


async def _locked_bots(tx: Transaction, user_id: int) -> list[int]:
    mine = select(Bot.id).where(Bot.user_id == user_id).order_by(Bot.id).with_for_update()
    return list(await tx.scalars(mine))


async def _count_anew(tx: Transaction, user_id: int) -> None:
    """Forget the highest results, and begin from those of now where a fall is limited."""
    await tx.execute(delete(ResultPeak).where(ResultPeak.user_id == user_id))
    await keep_peaks(tx, await allowances_of(tx, await limits_of(tx, [user_id])))


def _without_idle_boxes(limits: Limits) -> Limits:
    """Take "also close" away from a limit that is not set: there is nothing to reach."""
    return replace(
        limits,
        day_loss_closes=limits.day_loss_closes and limits.day_loss is not None,
        drawdown_closes=limits.drawdown_closes and limits.drawdown is not None,
    )


def _changes(before: Limits, after: Limits) -> dict[str, str]:
    """Say for the audit what each changed limit was and is: `100 -> 50`, `-` for none."""
    return {
        name: f"{_plain(old)} -> {_plain(new)}"
        for name, old in asdict(before).items()
        if (new := getattr(after, name)) != old
    }


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return told(value)
    return "-" if value is None else str(value)
