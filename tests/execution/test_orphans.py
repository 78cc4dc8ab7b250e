"""What follows an order that bears our name and stands in no book, and whom does it stop?"""

from dataclasses import replace

from sqlalchemy import select, update

from nexus.accounts.models import User
from nexus.core.clock import now
from nexus.exchanges.models import ExchangeAccount
from nexus.execution.models import OrphanOrder
from nexus.execution.orphans import NO_ENTRIES, TOGETHER
from nexus.mail.models import OutgoingMail
from nexus.regime.models import Switch
from nexus.regime.record import set_switch
from tests.execution.test_hear import an_order, executions, hear, orphans, resting
from tests.scenes import Scene
from tests.scripted import BTC


async def test_anothers_order_of_the_same_name_is_an_orphan(scene: Scene) -> None:
    _, order = await resting(scene)
    stranger = await scene.account(await scene.person())
    await hear(scene, replace(executions(order, "1")[0], account_id=stranger))
    assert (await an_order(scene)).status == "ACKED"
    assert [orphan.account_id for orphan in await orphans(scene)] == [stranger]


async def entries(scene: Scene) -> Switch:
    async with scene.database.transaction() as tx:
        return await tx.get_one(Switch, NO_ENTRIES)


async def status_of(scene: Scene, account_id: int) -> str:
    async with scene.database.transaction() as tx:
        return (await tx.get_one(ExchangeAccount, account_id)).status


async def test_an_order_of_our_name_in_no_book_pauses_its_account_once(scene: Scene) -> None:
    _, order = await resting(scene)
    lost = replace(executions(order, "1")[0], client_order_id="nx-lost")
    await hear(scene, lost, lost)
    [orphan] = await orphans(scene)
    assert (orphan.client_order_id, orphan.market) == ("nx-lost", "BTCUSDT")
    assert await status_of(scene, order.account_id) == "paused"
    async with scene.database.transaction() as tx:
        assert await tx.get(Switch, NO_ENTRIES) is None, "one customer stops nobody else"
        account = await tx.get_one(ExchangeAccount, order.account_id)
        account.status, account.paused_at = "active", None
    await hear(scene, lost)
    assert await status_of(scene, order.account_id) == "active", "a person has looked at it"


async def test_on_two_accounts_within_an_hour_it_stops_all_entries_once(scene: Scene) -> None:
    _, order = await resting(scene)
    stranger = await scene.account(await scene.person())
    lost = replace(executions(order, "1")[0], client_order_id="nx-lost")
    another = replace(lost, client_order_id="nx-lost-too", account_id=stranger)
    await hear(scene, lost)
    await hear(scene, another)
    switch = await entries(scene)
    assert switch.stopped
    assert "nx-lost-too" in switch.reason
    async with scene.database.transaction() as tx:
        await set_switch(tx, NO_ENTRIES, stopped=False, reason="looked at it", by="carol")
    await hear(scene, lost, another)
    assert not (await entries(scene)).stopped, "a person has looked: the same ones stop no more"


async def test_orphans_that_lie_hours_apart_have_nothing_to_do_with_each_other(
    scene: Scene,
) -> None:
    _, order = await resting(scene)
    stranger = await scene.account(await scene.person())
    lost = replace(executions(order, "1")[0], client_order_id="nx-lost")
    await hear(scene, lost)
    async with scene.database.transaction() as tx:
        await tx.execute(update(OrphanOrder).values(seen_at=now() - 2 * TOGETHER))
    await hear(scene, replace(lost, client_order_id="nx-lost-too", account_id=stranger))
    async with scene.database.transaction() as tx:
        assert await tx.get(Switch, NO_ENTRIES) is None


async def test_while_it_is_paused_nothing_is_bought_on_it(scene: Scene) -> None:
    bot, order = await resting(scene)
    await hear(scene, replace(executions(order, "1")[0], client_order_id="nx-lost"))
    other = await scene.bot()
    await scene.place(await scene.enter())
    assert {row.bot_id for row in await scene.orders()} == {bot, other}
    assert [row.id for row in await scene.orders() if row.bot_id == bot] == [order.id]
    assert order.symbol == BTC


async def test_what_a_bot_holds_is_sold_all_the_same(scene: Scene) -> None:
    await scene.follower()
    [order] = await scene.orders()
    await hear(scene, replace(executions(order, "1")[0], client_order_id="nx-lost"))
    await scene.place(await scene.leave())
    assert [(one.side, one.status) for one in await scene.orders()] == [
        ("buy", "FILLED"),
        ("sell", "FILLED"),
    ]


async def test_every_admin_is_paged_once_and_nobody_else(scene: Scene) -> None:
    _, order = await resting(scene)
    admin = await scene.person()
    await scene.change(User, admin, role="admin")
    lost = [
        replace(executions(order, "1")[0], client_order_id=f"nx-lost-{number}")
        for number in range(3)
    ]
    await hear(scene, *lost)
    await hear(scene, *lost)
    async with scene.database.transaction() as tx:
        [mail] = await tx.scalars(select(OutgoingMail))
        paged = await tx.get_one(User, admin)
    assert (mail.kind, mail.to_address) == ("orphan_order", paged.email)
    assert "nx-lost-0" in mail.body
