"""What is there to see on the first day? A person with bots, and ninety-nine others.

Half of the accounts trade on paper and half on the simulated exchange, each with a key of its
own. Made once; a second start finds it and leaves it as it is.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import aiohttp
from sqlalchemy import insert, select

from nexus.accounts.consent import accept, today
from nexus.accounts.models import User
from nexus.accounts.register import create_user
from nexus.billing.models import Entitlement
from nexus.bots.start import create_bot
from nexus.core.clock import now
from nexus.core.db import Database, Transaction
from nexus.exchanges.capabilities import BINANCE
from nexus.exchanges.check_key import Permissions, check_key
from nexus.exchanges.connect import NewAccount, open_paper_account, write_connected_account
from nexus.exchanges.errors import VenueRefusedError
from nexus.exchanges.fees import check_fees
from nexus.exchanges.models import AccountBalance
from nexus.exchanges.refresh import refresh_all_filters
from nexus.exchanges.registry import open_exchanges
from nexus.exchanges.vault import KeyPair, open_vault
from nexus.local.errors import LocalError
from nexus.market.queries import prices_of
from nexus.pipeline.crowd import people
from nexus.settings import Settings
from nexus.strategy.border import load_strategies

DEMO_SETTINGS: Mapping[str, str] = {
    "DEMO_EMAIL": "demo@nexus.example",
    # Binance has candles of one second, so a lively demo needs no false clock.
    "TIMEFRAME": "1s",
    "TICK_SECONDS": "5",
    "MARKET_HISTORY_CANDLES": "300",
    "MARKET_STALE_SECONDS": "20",
    "STRATEGY_FAST": "5",
    "STRATEGY_SLOW": "15",
    "STRATEGY_EXIT_ATR": "4",
    "PYRAMID_FRACTIONS": "0.2,0.2,0.2,0.2,0.2",
    "PYRAMID_STEP_ATR": "3",
    "REGIME_FAST": "15",
    "REGIME_SLOW": "45",
    "REGIME_ADX_MIN": "15",
    "REGIME_CRASH_DROP_PERCENT": "3",
    "REGIME_CRASH_MINUTES": "1",
    "ENTRY_MAX_AGE_SECONDS": "20",
    "GATE_CALM_SECONDS": "10",
    # A laptop that slept is no restored backup.
    "STOP_AFTER_GAP_SECONDS": "0",
    # It trades every few seconds: a cap that protects people would stop the demo within hours.
    "DAILY_NOTIONAL_CAPS": "USDT=100000000",
}
"""Numbers for a market that goes through bull, crash and sideways within minutes."""

CheckedKey = tuple[KeyPair, Permissions]

FOLLOWERS = 99
BALANCE = Decimal(10_000)
ALLOCATION = Decimal(2_000)


def check_demo(settings: Settings) -> None:
    """Refuse settings under which nobody could connect the demo's exchange. Raises LocalError."""
    try:
        check_fees(BINANCE, settings)
    except VenueRefusedError as error:
        raise LocalError(str(error)) from None


async def seed_demo(settings: Settings, simulator_url: str) -> tuple[str, str]:
    """Make the demo's people and bots unless they are there; give the demo login."""
    database = Database(settings.database_url, pool_size=4)
    exchanges = open_exchanges(settings, database, None, prices_of(database))
    email, password = settings.demo_email, settings.demo_password.get_secret_value()
    try:
        async with database.transaction() as tx:
            there = await tx.scalar(select(User.id).where(User.email == email))
        if there is None:
            checker = exchanges.key_checker("binance")
            pairs = await _new_keys(simulator_url, 1 + FOLLOWERS // 2)
            keys = [(pair, await check_key(checker, pair, settings)) for pair in pairs]
            async with database.transaction() as tx:
                await _make_demo_person(tx, settings, email, password, keys.pop())
                await _make_followers(tx, settings, keys)
            await refresh_all_filters(database, exchanges, settings.symbols)
    finally:
        await exchanges.close()
        await database.close()
    return email, password


async def _new_keys(simulator_url: str, count: int) -> list[KeyPair]:
    """Let the simulated exchange make accounts; gives a key for each."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{simulator_url}/simulator/accounts", json={"count": count}) as answer,
    ):
        answer.raise_for_status()
        made: list[dict[str, Any]] = await answer.json()
    return [KeyPair(account["key"], account["secret"]) for account in made]


async def _make_demo_person(
    tx: Transaction, settings: Settings, email: str, password: str, key: CheckedKey
) -> None:
    """Make the person of the demo login: a paper account, a simulated one, two bots on each."""
    user_id = await create_user(tx, email, password, "Demo")
    await accept(tx, user_id, today(), network="")
    await tx.execute(insert(Entitlement).values(user_id=user_id, tier="pro"))
    paper = await open_paper_account(tx, user_id, "Practice", BALANCE)
    live = await _connect(tx, settings, user_id, key)
    # Left free, so that whoever tries the demo can make a bot of their own.
    await open_paper_account(tx, user_id, "Second practice", BALANCE)
    for account_id in (paper, live):
        await _start_bots(tx, settings, user_id, account_id, ALLOCATION)


async def _make_followers(tx: Transaction, settings: Settings, keys: list[CheckedKey]) -> None:
    """Make the others: those with a key trade on the simulated exchange, the rest on paper."""
    user_ids = await people(tx, FOLLOWERS)
    for number, user_id in enumerate(user_ids):
        if number < len(keys):
            account = await _connect(tx, settings, user_id, keys[number])
        else:
            account = await open_paper_account(tx, user_id, "Practice", BALANCE)
        allocation = Decimal(100 + 37 * number)
        await _start_bots(tx, settings, user_id, account, allocation)


async def _connect(tx: Transaction, settings: Settings, user_id: int, key: CheckedKey) -> int:
    """Connect a checked key of the simulated exchange."""
    pair, permissions = key
    wanted = NewAccount(user_id, "binance", "Simulated exchange")
    account_id = await write_connected_account(tx, wanted, pair, permissions, open_vault(settings))
    # What a new account there holds; the worker's rolling round asks the exchange itself.
    await tx.execute(
        insert(AccountBalance).values(
            account_id=account_id, asset="USDT", free=BALANCE, as_of=now()
        )
    )
    return account_id


async def _start_bots(
    tx: Transaction, settings: Settings, user_id: int, account_id: int, allocation: Decimal
) -> None:
    for symbol in settings.symbols:
        for strategy in load_strategies(settings.strategies, settings):
            await create_bot(
                tx,
                user_id=user_id,
                account_id=account_id,
                strategy=strategy.name,
                symbol=symbol,
                allocation=allocation,
            )
