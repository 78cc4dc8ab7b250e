"""Is a bot that was deleted drawn nowhere, though what it brought still counts?"""

from dataclasses import replace

from nexus.feed.draw import draw_bots
from tests.templates.samples import HOLDING, WAITING
from tests.templates.samples_portfolio import TODAY


def test_a_deleted_bot_has_no_card_and_still_counts() -> None:
    gone = replace(WAITING, venue=HOLDING.venue, deleted=True)
    drawn = draw_bots([HOLDING, gone], [TODAY], "token", rates={})
    assert f'hx-target="#bot-{HOLDING.id}"' in drawn
    assert f"bot-{gone.id}" not in drawn
    assert "+208.40 USDT" in drawn
