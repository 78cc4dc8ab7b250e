"""Is what happened in people's feeds, in the very transaction in which it happened?"""

from decimal import Decimal

import pytest
from sqlalchemy import select

from nexus.bots.models import Bot
from nexus.feed.models import FeedItem
from nexus.strategy.border import Action
from tests.scenes import Scene
from tests.scripted import BTC, lose_answer, reject


async def lines(scene: Scene) -> list[FeedItem]:
    async with scene.database.transaction() as tx:
        return list(await tx.scalars(select(FeedItem).order_by(FeedItem.at, FeedItem.id)))


async def told(scene: Scene) -> list[tuple[str, str]]:
    """Give the kind and the title of every line."""
    return [(line.facts["kind"], line.facts["title"]) for line in await lines(scene)]


async def test_a_purchase_and_a_sale_are_told_to_their_owner(scene: Scene) -> None:
    person = await scene.person()
    await scene.bot(await scene.account(person))
    await scene.place(await scene.enter())
    scene.passes(hours=1)
    await scene.place(await scene.leave())
    bought, sold = await lines(scene)
    assert {bought.user_id, sold.user_id} == {person}
    assert Decimal(bought.facts.pop("amount")) == 400
    said = bought.facts.pop("said")
    assert said["title"] == ["Bought {} BTC", ["quantity", "0.008000000000"]]
    assert [kind for kind, _ in said["detail"][1:]] == ["price", "quantity"]
    assert bought.facts == {
        "kind": "bought",
        "symbol": BTC,
        "title": "Bought 0.008 BTC",
        "detail": "Entered a trade at 50,000.00 USDT, fee 0.000008 BTC",
        "currency": "USDT",
    }
    assert sold.facts["kind"] == "sold"
    assert sold.id > bought.id, "later lines have larger ids, or streams could not go on"


async def test_what_did_not_happen_is_told_with_its_reason(scene: Scene) -> None:
    await scene.bot()
    scene.exchange.next_orders(reject(), lose_answer(placed=False))
    await scene.place(await scene.enter())
    scene.passes(hours=1)
    await scene.market()
    await scene.place(await scene.lead(Action.ENTER))
    assert await told(scene) == [
        ("failed", "BTC/USDT: Nothing traded"),
        ("notice", "BTC/USDT: Not confirmed yet"),
    ]


async def test_a_plan_that_is_refused_on_its_way_is_told(scene: Scene) -> None:
    bot = await scene.bot()
    plans = await scene.enter()
    await scene.change(Bot, bot, status="paused")
    await scene.place(plans)
    [line] = await lines(scene)
    assert (line.facts["kind"], line.facts["title"]) == ("denied", "BTC/USDT: no buy order")
    assert (line.facts["detail"], line.facts["amount"]) == ("The bot was paused.", None)


async def test_many_lines_of_one_moment_are_all_kept(scene: Scene) -> None:
    for _ in range(30):
        await scene.bot()
    await scene.place(await scene.enter())
    assert len(await lines(scene)) == 30


async def test_a_line_of_a_transaction_that_fails_was_never_there(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.bot()
    plans = await scene.enter()
    commit = "nexus.core.db.Transaction.commit"

    async def fails(_tx: object) -> None:
        raise ConnectionError("the database is gone")

    with monkeypatch.context() as patch:
        patch.setattr(commit, fails)
        with pytest.raises(ConnectionError):
            await scene.place(plans)
    assert await lines(scene) == []
