"""What does somebody new trade on? A paper account, so that a first bot needs no exchange."""

from collections.abc import Sequence
from decimal import Decimal

from nexus.accounts.events import PersonVerified
from nexus.core.db import Reaction, Transaction
from nexus.exchanges.connect import open_paper_account
from nexus.settings import MarketSettings

LABEL = "Practice"
BALANCE = Decimal(10_000)
"""Pretend money, in the currency that our symbols are paid in."""


def open_practice_accounts(settings: MarketSettings) -> Reaction:
    """Build the reaction that opens a paper account for everybody new."""
    quote = settings.symbols[0].partition("/")[2]

    async def open_them(tx: Transaction, joined: Sequence[PersonVerified]) -> None:
        for person in joined:
            await open_paper_account(tx, person.user_id, LABEL, BALANCE, quote)

    return open_them
