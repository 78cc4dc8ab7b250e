"""Does the slow round see every difference between the exchange and the ledger, and heal it?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs

from nexus.core.clock import now
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import (
    Account,
    ExchangeAwayError,
    KeyInvalidError,
    Report,
    VenueStatus,
)
from nexus.execution import reconcile
from nexus.execution.models import OrderRow, OrphanOrder
from nexus.execution.reconcile import IN_HAND, reconcile_account, reconcile_accounts
from tests.exchanges.test_stream_leases import A_KEY
from tests.scenes import Scene
from tests.scripted import BTC, VENUE, WorkerDiedError, kill_worker, lose_answer, take

KEYED = text("UPDATE exchange_accounts SET key_version = 1 WHERE id = :account")


@dataclass
class Listed:
    """What the venue lists: all that the scripted exchange took, and what is put beside it."""

    scene: Scene
    weight: int = 20
    beside: list[Report] = field(default_factory=list)
    asked: list[tuple[int, str, datetime]] = field(default_factory=list)
    away: set[int] = field(default_factory=set)
    locked_out: set[int] = field(default_factory=set)

    async def recent_orders(
        self, account: Account, symbol: str, since: datetime
    ) -> Sequence[Report]:
        self.asked.append((account.id, symbol, since))
        if account.id in self.away:
            raise ExchangeAwayError("scripted")
        if account.id in self.locked_out:
            raise KeyInvalidError("scripted", 401, -2015)
        if symbol != BTC:
            return []
        journal = self.scene.exchange.journal.values()
        return [replace(one, fills=()) for one in (*journal, *self.beside)]


@dataclass
class Share:
    """Admits so many accounts."""

    left: int = 100
    weights: list[int] = field(default_factory=list)

    async def admits(self, _account: Account, weight: int) -> bool:
        self.weights.append(weight)
        self.left -= 1
        return self.left >= 0


@pytest.fixture
def listed(scene: Scene) -> Listed:
    return Listed(scene)


async def compare(scene: Scene, listed: Listed) -> None:
    """Compare every account of a bot."""
    for account_id in sorted({order.account_id for order in await scene.orders()}):
        account = Account(account_id, VENUE, "default", 0)
        await reconcile_account(scene.broker, listed, account)


async def resting(scene: Scene) -> OrderRow:
    await scene.bot()
    scene.exchange.next_orders(take(VenueStatus.NEW))
    await scene.place(await scene.enter())
    [order] = await scene.orders()
    return order


async def is_stopped(scene: Scene, account_id: int) -> bool:
    async with scene.database.transaction() as tx:
        return (await tx.get_one(ExchangeAccount, account_id)).status == "paused"


async def test_what_agrees_is_left_alone(scene: Scene, listed: Listed) -> None:
    await scene.follower()
    [order] = await scene.orders()
    events = await scene.events()
    await compare(scene, listed)
    assert scene.exchange.asked == []
    assert await scene.events() == events
    assert not await is_stopped(scene, order.account_id)
    assert [(who, symbol) for who, symbol, _ in listed.asked] == [
        (order.account_id, symbol) for symbol in scene.settings.symbols
    ]
    assert {since for *_, since in listed.asked} == {now() - timedelta(hours=24)}


async def test_an_execution_nobody_told_of_is_booked_once(scene: Scene, listed: Listed) -> None:
    order = await resting(scene)
    scene.exchange.moves_on(order.client_order_id, VenueStatus.FILLED)
    await compare(scene, listed)
    await compare(scene, listed)
    assert (await scene.orders())[0].status == "FILLED"
    assert len(await scene.fills()) == 1
    assert (await scene.holding(order.bot_id)).quantity > 0
    assert len(scene.exchange.received) == 1, "comparing sends nothing"


async def test_an_end_nobody_told_of_is_an_end(scene: Scene, listed: Listed) -> None:
    order = await resting(scene)
    del scene.exchange.journal[order.client_order_id]
    scene.exchange.take(scene.exchange.received[0], VenueStatus.CANCELED, Decimal(0))
    await compare(scene, listed)
    assert (await scene.orders())[0].status == "CANCELED"


async def test_an_unclear_order_that_is_listed_is_adopted_before_its_fence(
    scene: Scene, listed: Listed
) -> None:
    bot = await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=True))
    await scene.place(await scene.enter())
    await compare(scene, listed)
    [order] = await scene.orders()
    assert (order.status, (await scene.holding(bot)).quantity > 0) == ("FILLED", True)


async def test_one_given_up_and_listed_after_all_is_adopted(scene: Scene, listed: Listed) -> None:
    await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=False))
    await scene.place(await scene.enter())
    for _ in range(6):
        scene.passes(minutes=3)
        await scene.ask()
    [order] = await scene.orders()
    assert order.status == "NOT_PLACED"
    scene.exchange.take(scene.exchange.received[0], VenueStatus.FILLED)
    await compare(scene, listed)
    assert (await scene.orders())[0].status == "FILLED"


async def test_an_order_in_somebodys_hands_is_left_to_them(scene: Scene, listed: Listed) -> None:
    await scene.bot()
    scene.exchange.next_orders(kill_worker(placed=True))
    with pytest.raises(WorkerDiedError):
        await scene.place(await scene.enter())
    await compare(scene, listed)
    assert (await scene.orders())[0].status == "SENDING"
    scene.passes(seconds=IN_HAND.total_seconds() + 1)
    await compare(scene, listed)
    assert (await scene.orders())[0].status == "FILLED"


async def test_the_owners_own_orders_are_not_touched(scene: Scene, listed: Listed) -> None:
    order = await resting(scene)
    mine = scene.exchange.journal[order.client_order_id]
    listed.beside = [replace(mine, client_order_id="web_1", status=VenueStatus.FILLED)]
    await compare(scene, listed)
    assert scene.exchange.asked == []
    assert not await is_stopped(scene, order.account_id)


async def test_an_order_of_our_name_in_no_book_stops_entries(scene: Scene, listed: Listed) -> None:
    order = await resting(scene)
    mine = scene.exchange.journal[order.client_order_id]
    listed.beside = [replace(mine, client_order_id="nx-lost")]
    await compare(scene, listed)
    assert await is_stopped(scene, order.account_id)
    async with scene.database.transaction() as tx:
        [orphan] = await tx.scalars(select(OrphanOrder))
    assert (orphan.account_id, orphan.client_order_id) == (order.account_id, "nx-lost")


@pytest.mark.parametrize(("age", "said"), [(120, ["ledger_ahead"]), (1, [])])
async def test_a_ledger_that_knows_more_is_told_of_and_takes_nothing_back(
    scene: Scene, listed: Listed, age: float, said: list[str]
) -> None:
    bot = await scene.follower()
    [order] = await scene.orders()
    held = (await scene.holding(bot)).quantity
    scene.exchange.journal[order.client_order_id] = replace(
        scene.exchange.journal[order.client_order_id], executed_quantity=Decimal(0), fills=()
    )
    scene.passes(seconds=age)
    with capture_logs() as lines:
        await compare(scene, listed)
    assert [one["event"] for one in lines if one["log_level"] == "error"] == said
    assert (await scene.holding(bot)).quantity == held
    assert len(await scene.fills()) == 1


# --------------------------------------------------------------------------------------- the round
async def keyed(scene: Scene) -> int:
    """Connect an account of the scripted venue with a working key."""
    account = await scene.account(await scene.person())
    async with scene.database.transaction() as tx:
        key = {"account": account, "fingerprint": str(account).encode(), "at": now()}
        await tx.execute(A_KEY, key)
        await tx.execute(KEYED, {"account": account})
    return account


async def round_of(scene: Scene, listed: Listed, share: Share) -> list[int]:
    listed.asked.clear()
    await reconcile_accounts(scene.broker, {VENUE: listed}, share)
    return list(dict.fromkeys(who for who, *_ in listed.asked))


async def test_everybody_has_a_turn_within_the_share(scene: Scene, listed: Listed) -> None:
    accounts = [await keyed(scene) for _ in range(4)]
    turns = []
    for _ in range(4):
        scene.passes(minutes=1)
        turns.append(await round_of(scene, listed, share := Share(2)))
    assert [len(turn) for turn in turns] == [2] * 4
    assert Counter(account for turn in turns for account in turn) == Counter(accounts * 2)
    assert set(share.weights) == {20 * len(scene.settings.symbols)}


async def test_one_that_is_away_keeps_nobody_waiting(scene: Scene, listed: Listed) -> None:
    first, second = await keyed(scene), await keyed(scene)
    listed.away = {first}
    assert await round_of(scene, listed, Share(1)) == [first]
    scene.passes(minutes=1)
    assert await round_of(scene, listed, Share(1)) == [second]


async def test_a_key_that_is_not_accepted_stops_its_account(scene: Scene, listed: Listed) -> None:
    first, second = await keyed(scene), await keyed(scene)
    listed.locked_out = {first}
    await round_of(scene, listed, Share())
    accounts = {account.id: account.status for account in await scene.rows(ExchangeAccount)}
    assert accounts == {first: "key_invalid", second: "active"}


async def test_a_round_has_an_end(
    scene: Scene, listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "ACCOUNTS_A_MINUTE", 1)
    await keyed(scene)
    await keyed(scene)
    assert len(await round_of(scene, listed, Share())) == 1


async def test_who_has_no_key_or_no_list_is_not_asked(scene: Scene, listed: Listed) -> None:
    await scene.account(await scene.person())
    gone = await keyed(scene)
    await scene.change(ExchangeAccount, gone, status="key_invalid")
    assert await round_of(scene, listed, Share()) == []
    await scene.change(ExchangeAccount, gone, status="active")
    await reconcile_accounts(scene.broker, {}, Share())
    assert listed.asked == []


async def test_after_an_unknown_the_account_is_the_first(scene: Scene, listed: Listed) -> None:
    first, second = await keyed(scene), await keyed(scene)
    await round_of(scene, listed, Share())
    await scene.bot(second)
    scene.exchange.next_orders(lose_answer(placed=True))
    await scene.place(await scene.enter())
    scene.passes(seconds=31)
    await scene.ask()
    assert (await scene.orders())[0].status == "FILLED"
    scene.passes(minutes=1)
    assert await round_of(scene, listed, Share(1)) == [second]
    scene.passes(minutes=1)
    assert await round_of(scene, listed, Share(1)) == [first]
