"""How does somebody besides the demo's person come to be? Made beside the running pages."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from e2e.product import Product
from nexus.accounts.consent import accept, today
from nexus.accounts.register import create_user
from nexus.billing.models import Entitlement
from nexus.bots.start import create_bot
from nexus.core.db import Database
from nexus.exchanges.connect import open_paper_account
from nexus.local.embedded import start_postgres

PASSWORD = "a password for the journeys"  # noqa: S105  of somebody who is made up

numbers = count(1)


@dataclass(frozen=True)
class Customer:
    """Somebody with a paper account, and one running bot on BTC/USDT."""

    email: str
    password: str


def add_customer(product: Product) -> Customer:
    """Make a customer in the product's database; the demo's person has every bot already."""
    # A thread of its own: Playwright's loop runs in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _add(product)).result()


async def _add(product: Product) -> Customer:
    # It runs already, so this only gives its address.
    database = Database(start_postgres(product.home), pool_size=1)
    email = f"customer-{next(numbers)}@nexus.example"
    try:
        async with database.transaction() as tx:
            person = await create_user(tx, email, PASSWORD, "Customer")
            await accept(tx, person, today(), network="")
            tx.add(Entitlement(user_id=person, tier="pro"))
            account = await open_paper_account(tx, person, "Practice", Decimal(5000))
            await create_bot(
                tx, user_id=person, account_id=account, strategy="trend", symbol="BTC/USDT",
                allocation=Decimal(500),
            )  # fmt: skip
    finally:
        await database.close()
    return Customer(email, PASSWORD)
