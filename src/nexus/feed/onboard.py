"""What should somebody new do next? Four steps, each done when what it is about is there."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from nexus.accounts.onboard import skipped_steps
from nexus.accounts.sessions import Person
from nexus.core.db import Transaction
from nexus.exchanges.models import ExchangeAccount


@dataclass(frozen=True, slots=True)
class StepView:
    """A step of the checklist."""

    name: str
    title: str
    why: str
    action: str
    """What its button says."""
    href: str
    state: Literal["done", "skipped", "open"]


WORDS = (
    (
        "verify", "Confirm your e-mail address", "Mails about your money must reach you.",
        "Confirm", "/sign-up",
    ),
    (
        "bot", "Start a bot on paper", "With 10,000 of pretend money, on the market of today.",
        "Start a bot", "/bots/new",
    ),
    (
        "factor", "Add a second factor",
        "A stolen password alone then opens nothing. Needed before real money trades.",
        "Add one", "/settings/security",
    ),
    (
        "exchange", "Connect your exchange",
        "When you are ready: with a key that can trade and cannot withdraw.",
        "Connect", "/accounts/new",
    ),
)  # fmt: skip


async def checklist(tx: Transaction, person: Person, *, has_bot: bool) -> list[StepView]:
    """List the steps; empty as soon as each is done or was put aside."""
    done = {
        "verify": person.email_verified,
        "bot": has_bot,
        "factor": person.has_second_factor,
        "exchange": await _has_exchange(tx, person.id),
    }
    skipped = frozenset() if all(done.values()) else await skipped_steps(tx, person.id)
    steps = [
        StepView(name, title, why, action, href, _state(name, done, skipped))
        for name, title, why, action, href in WORDS
    ]
    return steps if any(step.state == "open" for step in steps) else []


async def _has_exchange(tx: Transaction, user_id: int) -> bool:
    connected = select(ExchangeAccount.id).where(
        ExchangeAccount.user_id == user_id, ExchangeAccount.venue != "paper"
    )
    return await tx.scalar(connected.limit(1)) is not None


def _state(
    name: str, done: dict[str, bool], skipped: frozenset[str]
) -> Literal["done", "skipped", "open"]:
    if done[name]:
        return "done"
    return "skipped" if name in skipped else "open"
