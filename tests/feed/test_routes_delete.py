"""Does the page say what deleting means, or what is to be done before?"""

from tests.feed.customers import customers, scene_of
from tests.website import Website


async def test_a_running_bot_is_to_be_stopped_first(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        bot = await scene_of(website).bot(alice.account)
        page = (await alice.browser.get(f"/bots/{bot}/delete")).text
        assert "Stop the bot first." in page
        assert "Delete the bot" not in page
        answer = await alice.press(f"/bots/{bot}/delete")
    assert answer.status_code == 422
    assert (await scene_of(website).the_bot(bot)).deleted_at is None


async def test_a_stopped_bot_leaves_the_list(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        bot = await scene_of(website).bot(alice.account, status="stopped")
        assert "Delete the bot" in (await alice.browser.get(f"/bots/{bot}/delete")).text
        answer = await alice.press(f"/bots/{bot}/delete")
        assert (answer.status_code, answer.headers["location"]) == (303, "/bots")
        assert (await alice.browser.get(f"/bots/{bot}/delete")).status_code == 404
    assert (await scene_of(website).the_bot(bot)).deleted_at is not None


async def test_bob_deletes_nothing_of_alice(website: Website) -> None:
    async with customers(website, "alice", "bob") as (alice, bob):
        bot = await scene_of(website).bot(alice.account, status="stopped")
        assert (await bob.press(f"/bots/{bot}/delete")).status_code == 404
    assert (await scene_of(website).the_bot(bot)).deleted_at is None
