"""May a practice bot be run with real money? Each thing that must be so first, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from nexus.accounts.sessions import Person
from nexus.bots.limits import Limits
from nexus.bots.set_limits import own_limits
from nexus.core.db import Transaction
from nexus.exchanges.models import AccountBalance
from nexus.exchanges.queries import AccountView, accounts_of

HEALTHY = ("ok", "expiring")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be so, and where it is put right."""

    name: str
    title: str
    why: str
    done: bool
    action: str
    href: str


async def checks_of(tx: Transaction, person: Person, *, demo: bool) -> list[Check]:
    """List what must be so before real money; the demo's money is pretended throughout."""
    limits = await own_limits(tx, person.id)
    return [
        Check(
            "verified", "A confirmed e-mail address",
            "Mails about your money must reach you.",
            person.email_verified, "Confirm it", "/sign-up",
        ),
        Check(
            "factor", "A second factor",
            "A stolen password alone must not move real money.",
            person.has_second_factor or demo, "Add one", "/settings/security",
        ),
        Check(
            "account", "An exchange account that works",
            "With a key that can trade and cannot withdraw, and that the exchange accepts today.",
            bool(await live_accounts(tx, person.id)), "See your accounts", "/accounts",
        ),
        Check(
            "limits", "A limit on what you can lose",
            "A limit on a day's loss or on the fall of your result stops entries by itself.",
            _limits_losses(limits), "Set your limits", "/settings/limits",
        ),
    ]  # fmt: skip


async def live_accounts(tx: Transaction, user_id: int) -> list[AccountView]:
    """Read a person's accounts with real money that work."""
    return [
        account
        for account in await accounts_of(tx, user_id)
        if not account.on_paper and account.status == "active" and account.health in HEALTHY
    ]


async def free_of(
    tx: Transaction, accounts: Sequence[AccountView], asset: str
) -> dict[int, AccountBalance]:
    """Read what each account has free of one asset, by account."""
    rows = await tx.scalars(
        select(AccountBalance).where(
            AccountBalance.account_id.in_([account.id for account in accounts]),
            AccountBalance.asset == asset,
        )
    )
    return {row.account_id: row for row in rows}


def _limits_losses(limits: Limits) -> bool:
    return limits.day_loss is not None or limits.drawdown is not None
