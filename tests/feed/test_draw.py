"""Is a bot that was deleted drawn nowhere, though its result is in the totals?"""

from dataclasses import replace

from nexus.bots.views import total
from nexus.feed.draw import draw_bots
from tests.templates.samples import HOLDING, WAITING


def test_a_deleted_bot_has_no_card_and_still_counts() -> None:
    gone = replace(WAITING, deleted=True)
    drawn = draw_bots([HOLDING, gone], total([HOLDING, gone], "USDT"), "token")
    assert f'hx-target="#bot-{HOLDING.id}"' in drawn
    assert f"bot-{gone.id}" not in drawn
    assert "+208.40 USDT" in drawn
