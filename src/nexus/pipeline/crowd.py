"""Who takes part in a replay or a benchmark? Many people, made in bulk, each with their bots."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal

from sqlalchemy import insert

from nexus.accounts.models import User
from nexus.billing.models import Entitlement
from nexus.bots.models import Bot
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.exchanges.models import AccountBalance, ApiKey, ExchangeAccount, PaperBalance
from nexus.exchanges.vault import KeyPair, Owner, open_vault
from nexus.exchanges.vault_secrets import read_fingerprints
from nexus.settings import Settings

NOT_A_HASH = "!"
"""Nobody can sign in with it: it is not a hash of anything."""


async def gather_crowd(
    tx: Transaction,
    settings: Settings,
    *,
    count: int,
    keys: Sequence[KeyPair],
    balance: Decimal,
    strategies: Sequence[str],
    seed: int,
) -> None:
    """Make `count` people, each with one account and a bot per strategy and symbol.

    With `keys` they trade at Binance, or what stands in for it, else on paper. Allocations
    differ by `seed`; some are too small for the venue's minimum, as in life.
    """
    user_ids = await people(tx, count)
    venue = "binance" if keys else "paper"
    account_ids = await _ids(
        tx,
        ExchangeAccount,
        [
            {
                "user_id": user_id, "venue": venue, "label": venue.title(),
                "key_version": 1 if keys else 0, "created_at": now(),
            }
            for user_id in user_ids
        ],
    )  # fmt: skip
    people_with_accounts = list(zip(user_ids, account_ids, strict=True))
    await _give_keys(tx, settings, people_with_accounts, keys)
    await _give_balances(tx, account_ids, settings.symbols, balance, on_paper=not keys)
    share = balance / (len(settings.symbols) * len(strategies))
    wanted = [(strategy, symbol) for strategy in strategies for symbol in settings.symbols]
    await _start_bots(tx, people_with_accounts, wanted, share, random.Random(seed))  # noqa: S311  nothing secret


async def people(tx: Transaction, count: int) -> list[int]:
    """Make `count` people of the highest tier whom nobody can sign in as; gives their ids."""
    user_ids = await _ids(tx, User, [_person(number) for number in range(count)])
    await tx.execute(insert(Entitlement), [{"user_id": i, "tier": "pro"} for i in user_ids])
    return user_ids


async def _ids(tx: Transaction, table: type, rows: Sequence[Mapping[str, object]]) -> list[int]:
    ids = await tx.scalars(
        insert(table).returning(table.id, sort_by_parameter_order=True),  # type: ignore[attr-defined]
        list(rows),
    )
    return list(ids)


def _person(number: int) -> dict[str, object]:
    email = f"follower-{number:05d}@example.invalid"
    return {
        "email": email,
        "email_key": email,
        "display_name": f"Follower {number}",
        "password_hash": NOT_A_HASH,
        "created_at": now(),
    }


async def _give_keys(
    tx: Transaction,
    settings: Settings,
    people_with_accounts: Sequence[tuple[int, int]],
    keys: Sequence[KeyPair],
) -> None:
    """Seal a key for each account; nothing to do on paper."""
    if not keys:
        return
    vault = open_vault(settings)
    fingerprints = await read_fingerprints(tx, vault)
    rows = [
        {
            "account_id": account_id, "version": 1, "permissions": {}, "ip_restricted": True,
            "created_at": now(), "fingerprint": fingerprints.of(key),
            **asdict(vault.seal(key, Owner(user_id, "binance", account_id, 1))),
        }
        for (user_id, account_id), key in zip(people_with_accounts, keys, strict=True)
    ]  # fmt: skip
    await tx.execute(insert(ApiKey), rows)


async def _give_balances(
    tx: Transaction,
    account_ids: Sequence[int],
    symbols: Sequence[str],
    balance: Decimal,
    *,
    on_paper: bool,
) -> None:
    quotes = {symbol.partition("/")[2] for symbol in symbols}
    rows = [
        {"account_id": account_id, "asset": quote, "free": balance}
        for account_id in account_ids
        for quote in sorted(quotes)
    ]
    await tx.execute(insert(AccountBalance), [{**row, "as_of": now()} for row in rows])
    if on_paper:
        await tx.execute(insert(PaperBalance), rows)


async def _start_bots(
    tx: Transaction,
    people_with_accounts: Sequence[tuple[int, int]],
    wanted: Sequence[tuple[str, str]],
    share: Decimal,
    chance: random.Random,
) -> None:
    """Start a bot for every (strategy, symbol), each with a part of `share`."""
    smallest = Decimal("0.01")
    rows = [
        {
            "user_id": user_id, "account_id": account_id, "strategy": strategy, "symbol": symbol,
            "allocation": (share * chance.randint(1, 1000) / 1000).quantize(smallest),
            "status": "running", "status_at": now(), "status_by": "crowd", "created_at": now(),
        }
        for user_id, account_id in people_with_accounts
        for strategy, symbol in wanted
    ]  # fmt: skip
    await tx.execute(insert(Bot), rows)
