"""Is what the gate said found again, by symbol, reason and day, and in words?"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import nexus
from nexus.core.db import insert_rows
from nexus.feed.search_gate import LINES
from nexus.regime.models import GateChange
from nexus.regime.reason_words import REASONS
from nexus.strategy.border import Action
from tests.feed.customers import Customer, customers, scene_of
from tests.scripted import BTC
from tests.website import Website

SOURCES = Path(nexus.__file__).parent
CODE = re.compile(r'(?:return |Verdict\()"([A-Z_]+)"')
FIRST = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def log_lines(website: Website, *changes: dict[str, Any]) -> None:
    rows = [
        {
            "symbol": BTC, "at": FIRST + timedelta(days=number), "entries_allowed": False,
            "code": "CRASH_GUARD", "regime": "bullish", "reason": f"Line {number}.", **change,
        }
        for number, change in enumerate(changes)
    ]  # fmt: skip
    async with website.database.transaction() as tx:
        await tx.execute(*insert_rows(GateChange, rows))


async def found(customer: Customer, **query: str) -> list[int]:
    """Search, and give the numbers of the lines that are shown, in their order."""
    text = (await customer.browser.get("/gate", params=query)).text
    return [int(part.partition(".")[0]) for part in text.split("Line ")[1:]]


async def test_the_newest_line_is_first_and_in_words(website: Website) -> None:
    await log_lines(website, {}, {"entries_allowed": True, "code": ""}, {"code": "DATA_DISPUTED"})
    async with customers(website, "alice") as (alice,):
        text = (await alice.browser.get("/gate")).text
        assert await found(alice) == [2, 1, 0]
    assert "Sources disagree" in text
    assert "Entries allowed" in text
    assert "<h1>The gate</h1>" in text


async def test_the_log_is_searched(website: Website) -> None:
    await log_lines(website, {}, {"code": "DATA_STALE"}, {}, {"symbol": "ETH/USDT"})
    async with customers(website, "alice") as (alice,):
        assert await found(alice, symbol="ETH/USDT") == [3]
        assert await found(alice, reason="DATA_STALE") == [1]
        assert await found(alice, since="2026-03-03", until="2026-03-04") == [2, 1]
        assert await found(alice, since="2026-03-06") == []
        assert "Nothing like this" in (await alice.browser.get("/gate?since=2026-03-06")).text
        assert await found(alice, until="9999-12-31", since="0001-01-01") == [3, 2, 1, 0]


async def test_older_lines_are_a_page_further_and_keep_the_search(website: Website) -> None:
    await log_lines(website, *[{}] * (LINES + 2))
    async with customers(website, "alice") as (alice,):
        text = (await alice.browser.get("/gate", params={"reason": "CRASH_GUARD"})).text
        older = text.partition('href="/gate?reason=CRASH_GUARD&amp;before=')[2].partition('"')[0]
        assert await found(alice, reason="CRASH_GUARD", before=older) == [1, 0]
        for odd in ("-1", "x", "9" * 5000, str(2**63)):
            assert (await alice.browser.get("/gate", params={"before": odd})).status_code == 200


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"show": "all"}, "Choose what to show."),
        ({"symbol": "DOGE/USDT"}, "Choose one of the symbols."),
        ({"reason": "WEATHER"}, "Choose one of the reasons."),
        ({"since": "2026-02-30"}, "Write a day like 2026-03-31."),
        ({"until": "\0"}, "Write a day like 2026-03-31."),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "not before the first one"),
    ],
)
async def test_a_mistake_is_said_beside_its_field_and_stays_typed(
    website: Website, query: dict[str, str], sentence: str
) -> None:
    await log_lines(website, {})
    async with customers(website, "alice") as (alice,):
        answer = await alice.browser.get("/gate", params=query)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Nothing was searched" in answer.text
    if "since" in query:
        assert f'value="{query["since"]}"' in answer.text


async def test_blocked_decisions_are_found_with_their_reason(website: Website) -> None:
    scene = scene_of(website)
    async with customers(website, "alice") as (alice,):
        await scene.market()
        await scene.decide(Action.ENTER, code="REGIME_BEARISH")
        await scene.enter()
        text = (await alice.browser.get("/gate?show=blocked")).text
        assert text.count('class="gate-line"') == 1
        assert "Enter: bearish market" in text
        other = (await alice.browser.get("/gate?show=blocked&reason=CRASH_GUARD")).text
    assert 'class="gate-line"' not in other


def test_every_reason_of_the_gate_has_words() -> None:
    source = (SOURCES / "regime" / "judge.py").read_text()
    codes = set(CODE.findall(source))
    assert len(codes) > 5
    assert codes <= set(REASONS)
