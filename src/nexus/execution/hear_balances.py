"""What is free, by what the exchange tells without being asked? Only newer wins, and no fill twice.

The exchange's word includes every fill up to its moment, and our record is moved by fills as we
book them. So its word waits until the account has no order under way, and is dropped when a
later fill has been booked or the account was read since.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from nexus.bots.models import RestingStop
from nexus.core.clock import now
from nexus.core.db import Transaction, among, one_of
from nexus.exchanges.models import AccountBalance, ExchangeAccount
from nexus.exchanges.user_stream import BalancesHeard
from nexus.execution.models import FillRow, OrderRow

LONGEST_WAIT = timedelta(minutes=1)
"""An account that is busy for longer is read instead."""

Asset = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Word:
    """What is free of one asset, and the exchange's time of it."""

    free: Decimal
    at: datetime


class BalanceWords:
    """The newest word on each asset that has not been written down yet."""

    def __init__(self) -> None:
        self.waiting: dict[Asset, Word] = {}
        self._newest: dict[Asset, datetime] = {}

    def hear(self, heard: BalancesHeard) -> None:
        """Take the exchange's word, unless a newer one is known."""
        for asset, free in heard.free.items():
            name = (heard.account_id, asset)
            if name not in self._newest or self._newest[name] <= heard.at:
                self._newest[name] = heard.at
                self.waiting[name] = Word(free, heard.at)

    def forget(self, account_ids: set[int]) -> None:
        """Forget accounts that another worker hears from now on."""
        for words in (self.waiting, self._newest):
            for name in [name for name in words if name[0] in account_ids]:
                del words[name]

    def take(self, most: int) -> dict[Asset, Word]:
        """Take words out to be written down, the oldest first."""
        taken = dict(list(self.waiting.items())[:most])
        for name in taken:
            del self.waiting[name]
        return taken

    def put_back(self, words: Mapping[Asset, Word]) -> None:
        """Keep words for later, unless newer ones came meanwhile."""
        for name, word in words.items():
            self.waiting.setdefault(name, word)


@dataclass(frozen=True, slots=True)
class Written:
    """What became of some words."""

    later: dict[Asset, Word]
    """Their account has an order under way."""
    doubtful: set[int]
    """Accounts that must be read instead: the word was overtaken, or waited for too long."""


async def write_words(tx: Transaction, words: Mapping[Asset, Word]) -> Written:
    """Write down the words that hold.

    The rows are locked before anything else is looked at: whoever books a fill either did so
    before, and is seen, or has an order under way, and is waited for.
    """
    rows = await _lock(tx, words)
    ids = {account for account, _ in words}
    busy, read_at, filled_at = await _look_around(tx, ids)
    later: dict[Asset, Word] = {}
    doubtful: set[int] = set()
    for name, word in sorted(words.items()):
        account_id = name[0]
        read = read_at.get(account_id)
        if account_id not in read_at or (read is not None and read > word.at):
            continue
        if account_id in busy:
            if now() - word.at > LONGEST_WAIT:
                doubtful.add(account_id)
            else:
                later[name] = word
        elif account_id in filled_at and filled_at[account_id] > word.at:
            doubtful.add(account_id)
        else:
            await _write(tx, name, word, rows.get(name))
    return Written(later, doubtful)


async def _lock(tx: Transaction, words: Mapping[Asset, Word]) -> dict[Asset, AccountBalance]:
    rows = await tx.scalars(
        select(AccountBalance)
        .where(
            among(AccountBalance.account_id, {account for account, _ in words}),
            among(AccountBalance.asset, {asset for _, asset in words}),
        )
        .order_by(AccountBalance.account_id, AccountBalance.asset)
        .with_for_update()
    )
    return {(row.account_id, row.asset): row for row in rows}


async def _look_around(
    tx: Transaction, ids: set[int]
) -> tuple[set[int], dict[int, datetime | None], dict[int, datetime]]:
    """Read which accounts are busy, when each was last read, and when each last traded."""
    busy = await tx.scalars(
        select(OrderRow.account_id)
        .where(
            among(OrderRow.account_id, ids), one_of(OrderRow.status, "SENDING", "UNKNOWN", "ACKED")
        )
        .union_all(
            select(RestingStop.account_id).where(
                among(RestingStop.account_id, ids),
                one_of(RestingStop.status, "PLACING", "UNKNOWN", "CANCELLING"),
            )
        )
    )
    read_at = await tx.execute(
        select(ExchangeAccount.id, ExchangeAccount.balances_at).where(
            among(ExchangeAccount.id, ids), ExchangeAccount.status != "removed"
        )
    )
    filled_at = await tx.execute(
        select(FillRow.account_id, func.max(FillRow.at).label("at"))
        .where(among(FillRow.account_id, ids))
        .group_by(FillRow.account_id)
    )
    return (
        set(busy),
        {row.id: row.balances_at for row in read_at},
        {row.account_id: row.at for row in filled_at},
    )


async def _write(tx: Transaction, name: Asset, word: Word, row: AccountBalance | None) -> None:
    account_id, asset = name
    if row is None:
        values = {"account_id": account_id, "asset": asset, "free": word.free, "as_of": word.at}
        await tx.execute(insert(AccountBalance).values(values).on_conflict_do_nothing())
    elif row.free != word.free or row.as_of < word.at:
        await tx.execute(
            update(AccountBalance)
            .where(AccountBalance.account_id == account_id, AccountBalance.asset == asset)
            .values(free=word.free, as_of=max(row.as_of, word.at))
        )
