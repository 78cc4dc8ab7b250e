"""Which first steps has somebody put aside? What they have done is read from what is there."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from nexus.accounts.models import OnboardingStep
from nexus.core.clock import now
from nexus.core.db import Transaction

STEPS: Final = ("verify", "bot", "factor", "exchange")
"""In the order in which they make sense."""


async def skipped_steps(tx: Transaction, user_id: int) -> frozenset[str]:
    """Read which steps somebody does not want to be reminded of."""
    rows = await tx.scalars(select(OnboardingStep.step).where(OnboardingStep.user_id == user_id))
    return frozenset(rows)


async def skip_step(tx: Transaction, user_id: int, step: str) -> None:
    """Put a step aside; twice is once."""
    await tx.execute(
        insert(OnboardingStep)
        .values(user_id=user_id, step=step, skipped_at=now())
        .on_conflict_do_nothing()
    )
