"""Which refusals does a bot's owner not know yet? Each is told once, not at every decision."""

from collections.abc import Sequence

from sqlalchemy import any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from nexus.core.db import Transaction
from nexus.fanout.events import PlanRefused
from nexus.fanout.models import PlanRow

EXPECTED = ("NOT_IN_TRADE", "ALREADY_INVESTED", "BOT_PAUSED", "BOT_CLOSING", "BOT_STOPPED")
"""What the bot's own card says all the while: nothing went wrong, and nobody is told of it."""


async def news_among(tx: Transaction, refused: Sequence[PlanRefused]) -> list[PlanRefused]:
    """Leave out what is expected, and what is refused for the same reason as the time before."""
    telling = [fact for fact in refused if _code(fact.reason) not in EXPECTED]
    if not telling:
        return []
    before = await _codes_before(tx, telling)
    return [fact for fact in telling if before.get(fact.bot_id) != _code(fact.reason)]


async def _codes_before(tx: Transaction, refused: Sequence[PlanRefused]) -> dict[int, str]:
    """Read why the plan before was refused, for many bots at once; expected ones are skipped."""
    bots = func.unnest(literal([fact.bot_id for fact in refused], ARRAY(PlanRow.bot_id.type)))
    bot = bots.table_valued("bot_id").render_derived(name="bot")
    code = func.split_part(PlanRow.reason, ":", 1)
    newest = (
        select(code.label("code"))
        .where(
            PlanRow.bot_id == bot.c.bot_id,
            PlanRow.id < min(fact.plan_id for fact in refused),
            ~(code == any_(literal(list(EXPECTED)))),
        )
        .order_by(PlanRow.id.desc())
        .limit(1)
        .lateral("newest")
    )
    rows = await tx.execute(select(bot.c.bot_id, newest.c.code).select_from(bot, newest))
    return {row.bot_id: row.code for row in rows}


def _code(reason: str) -> str:
    return reason.partition(":")[0]
