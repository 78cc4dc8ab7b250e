"""Does every page say the same thing to everybody: sighted, listening, with and without scripts?"""

import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest

from nexus.bots.views import RestingView
from nexus.core.assets import load_assets
from nexus.core.render import TEMPLATES, render, render_block
from tests.templates import samples, samples_portfolio

STATES = sorted(samples.PAGES)


class Outline(HTMLParser):
    """What a screen reader and a policy would find in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.landmarks: list[str] = []
        self.inline: list[str] = []
        self.posts: list[str] = []
        self.fields: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if identity := values.get("id"):
            self.ids.append(identity)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in ("main", "header", "nav", "footer"):
            self.landmarks.append(tag)
        if tag == "style" or (tag == "script" and "src" not in values):
            self.inline.append(tag)
        self.inline += [f"{tag} {name}" for name in values if name == "style" or name[:2] == "on"]
        if tag == "form" and values.get("method") == "post":
            self.posts.append(values.get("action") or "")
            self.fields[self.posts[-1]] = []
        if tag == "input" and self.posts:
            self.fields[self.posts[-1]].append(values.get("name") or "")


def outline(markup: str) -> Outline:
    found = Outline()
    found.feed(markup)
    return found


def drawn(state: str) -> str:
    template, context = samples.PAGES[state]
    return render(template, **context)


def spaceless(markup: str) -> str:
    return re.sub(r"\s+", " ", markup).strip()


def test_every_page_has_a_sample() -> None:
    pages = {
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("*.html")
        if '{% extends "layouts/' in path.read_text() and path.parent.name != "layouts"
    }
    assert pages == {template for template, _ in samples.PAGES.values()}


@pytest.mark.parametrize("state", STATES)
def test_a_page_is_well_ordered(state: str) -> None:
    page = outline(drawn(state))
    assert page.headings.count(1) == 1
    assert page.headings[0] == 1
    steps = zip(page.headings, page.headings[1:], strict=False)
    assert [step for step in steps if step[1] > step[0] + 1] == []
    assert page.landmarks.count("main") == 1
    assert [each for each in page.ids if page.ids.count(each) > 1] == []


@pytest.mark.parametrize("state", STATES)
def test_nothing_in_a_page_needs_an_inline_style_or_script(state: str) -> None:
    assert outline(drawn(state)).inline == []


@pytest.mark.parametrize("state", STATES)
def test_every_form_that_changes_something_carries_the_token(state: str) -> None:
    page = outline(drawn(state))
    assert [action for action in page.posts if "csrf_token" not in page.fields[action]] == []


def test_scripts_start_in_order_before_the_page_is_ready() -> None:
    # Deferred or asynchronous, htmx may start before its extension and never connect.
    scripts = re.findall(r"<script[^>]*>", drawn("home"))
    assert [
        re.findall(r"(menu|htmx\.min|hx-sse\.min|live|install)\.js", script) for script in scripts
    ] == [
        ["menu"],
        ["htmx.min"],
        ["hx-sse.min"],
        ["live"],
        ["install"],
    ]
    assert not [script for script in scripts if re.search(r"\b(defer|async|type)\b", script)]
    assert drawn("home").index("<script") > drawn("home").index("</main>")


def test_what_comes_from_the_cdn_is_checked_by_the_browser() -> None:
    page = render("feed/home.html", **samples.home() | {"asset": load_assets("cdn").asset})
    foreign = [tag for tag in re.findall(r"<script[^>]*>", page) if "https://cdn." in tag]
    assert len(foreign) == 2
    for tag in foreign:
        assert 'crossorigin="anonymous"' in tag
        assert re.search(r'integrity="sha384-[A-Za-z0-9+/]{64}"', tag)


# ------------------------------------------------------------------- one part, two ways to arrive
@pytest.mark.parametrize(
    ("stream", "target", "name", "shown"),
    [
        ("market", "#market-BTC-USDT", "market", samples.BTC),
        ("bot", "#bot-17", "bot", samples.HOLDING),
        ("feed_item", "#feed-list", "item", samples.BOUGHT),
        ("decision", "#decision-list", "decision", samples.BLOCKED),
        ("money", "#money-practice-USDT", "money", samples_portfolio.MONEY),
    ],
)
def test_the_stream_brings_what_the_page_shows(
    stream: str, target: str, name: str, shown: Any
) -> None:
    context = {name: shown, "csrf_token": "csrf-sample"}
    message = render(f"feed/stream/{stream}.html", **context)
    opened = re.match(r'<hx-partial hx-target="([^"]+)" hx-swap="(\w+)">', message.strip())
    assert opened is not None
    assert opened[1] == target
    content = spaceless(message.strip()[opened.end() :].removesuffix("</hx-partial>"))
    page = spaceless(render("feed/home.html", **samples.home()))
    assert content in page
    assert f'id="{target[1:]}"' in page


@pytest.mark.parametrize("state", ["live", "behind"])
def test_the_stream_says_how_the_connection_is(state: str) -> None:
    message = render("feed/stream/connection.html", state=state)
    assert f'id="connection" class="connection" role="status" data-state="{state}"' in spaceless(
        message
    )


@pytest.mark.parametrize(
    ("template", "context"),
    [
        ("accounts/sign_in.html", samples.PAGES["sign-in-wrong"][1]),
        ("bots/new.html", samples.PAGES["new-wrong"][1]),
        ("bots/close.html", samples.close_bot(samples.HOLDING, wrong=True)),
    ],
)
def test_a_form_can_answer_alone(template: str, context: dict[str, Any]) -> None:
    form = render_block(template, "form", **context)
    assert outline(form).ids[0] == "form"
    assert spaceless(form) in spaceless(render(template, **context))


# ------------------------------------------------------------------------------- what is said
def test_money_has_sign_and_word() -> None:
    card = render("feed/parts/bot.html", bot=samples.HOLDING, csrf_token="x")
    assert re.search(r'data-tone="profit".*?\+12\.30 USDT.*?profit', spaceless(card))
    assert re.search(r'data-tone="loss".*?\u22124\.10 USDT.*?loss', spaceless(card))


@pytest.mark.parametrize(
    ("status", "layer", "offered"),
    [
        ("running", 2, {"pause", "close"}),
        ("paused", 0, {"start", "close"}),
        ("stopped", 0, {"start"}),
        ("stopped", 1, {"start", "close"}),
        ("closing", 2, {"close"}),
    ],
)
def test_a_bot_offers_only_what_can_be_done(status: str, layer: int, offered: set[str]) -> None:
    bot = replace(samples.HOLDING, status=status, layer=layer)
    card = render("feed/parts/bot.html", bot=bot, csrf_token="x")
    assert set(re.findall(r'(?:action|href)="/bots/17/(\w+)"', card)) == offered


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("RESTING", "A stop rests at Binance at 91,234.50 USDT for 0.0072 BTC."),
        ("CANCELLING", "We are taking back the stop at 91,234.50 USDT."),
        ("PLACING", "is on its way to Binance. Until it is confirmed there, this stop depends"),
        ("UNKNOWN", "is on its way to Binance. Until it is confirmed there, this stop depends"),
    ],
)
def test_a_bot_says_whether_its_stop_rests_at_the_exchange(state: str, words: str) -> None:
    rests = RestingView(state, Decimal("91234.5"), Decimal("0.0072"), out_of_reach=False)
    bot = replace(samples.HOLDING, venue="binance", resting=rests)
    card = spaceless(render("feed/parts/bot.html", bot=bot, csrf_token="x"))
    assert words in card
    assert "No order rests" not in card
    assert "key does not work" not in card
    lost = replace(bot, resting=replace(rests, out_of_reach=True))
    card = spaceless(render("feed/parts/bot.html", bot=lost, csrf_token="x"))
    assert "While its key does not work, we cannot change it." in card
    card = spaceless(render("feed/parts/bot.html", bot=samples.HOLDING, csrf_token="x"))
    assert "This stop depends on us" in card


def test_a_stale_price_says_so_in_words() -> None:
    old = replace(samples.BTC, stale=True, age_seconds=75, entries_allowed=False)
    row = render("feed/parts/market.html", market=old)
    assert "This price is 75 s old. Nothing is traded on it." in row
    assert "Entries blocked" in row
    none = replace(old, price=None, age_seconds=None, change_percent=None, spark=())
    assert "No price yet" in render("feed/parts/market.html", market=none)


def test_a_decision_says_why_this_and_why_not_you() -> None:
    denied = replace(samples.ENTERED, you=samples.DENIED, you_state="denied")
    row = spaceless(render("feed/parts/decision.html", decision=denied))
    assert f"<dt>Why this</dt> <dd> {denied.why} </dd>" in row
    assert f"<dt>Why not you</dt> <dd> {samples.DENIED} </dd>" in row
    assert "98 of 100 bots followed" in row
    blocked = spaceless(render("feed/parts/decision.html", decision=samples.BLOCKED))
    assert "Why it was blocked" in blocked
    assert samples.CRASH in blocked
    assert "no bot acted" in blocked


def test_closing_says_what_will_be_sold() -> None:
    page = spaceless(render("bots/close.html", **samples.close_bot(samples.HOLDING)))
    assert "Sell 0.00721 BTC and stop" in page
    assert "cannot be undone" in page
    empty = spaceless(render("bots/close.html", **samples.close_bot(samples.WAITING)))
    assert "nothing is sold" in empty
    assert "Stop the bot" in empty


def test_stopping_everything_says_what_each_way_means() -> None:
    page = spaceless(render("bots/stop.html", **samples.stop(samples.HOLDING, samples.WAITING)))
    assert "2 running bots" in page
    assert "exits are not followed" in page
    assert "0.00721 BTC</strong> on" in page
    assert "cannot be undone" in page
    empty = spaceless(render("bots/stop.html", **samples.stop()))
    assert empty.count("this changes nothing") == 3


def test_an_error_stands_beside_its_field_and_the_first_has_the_focus() -> None:
    page = spaceless(render("bots/new.html", **samples.PAGES["new-wrong"][1]))
    amount = re.search(r'<input class="input" id="allocation"[^>]*>', page)
    account = re.search(r'<select class="input" id="account"[^>]*>', page)
    assert amount is not None
    assert account is not None
    assert 'aria-describedby="allocation-hint allocation-error"' in amount[0]
    assert 'aria-invalid="true"' in amount[0]
    assert 'value="abc"' in amount[0]
    assert "autofocus" in account[0]
    assert page.count("autofocus") == 1
    assert re.search(r'<option value="2"[^>]* selected>', page)


def test_the_amount_names_its_currency_only_when_there_is_one() -> None:
    context = samples.PAGES["new"][1]
    assert '<span class="field__suffix" aria-hidden="true">USDT</span>' in render(
        "bots/new.html", **context
    )
    mixed = context | {"symbols": ["BTC/USDT", "ETH/EUR"], "minimum": Decimal(5)}
    assert "field__suffix" not in render("bots/new.html", **mixed)


def test_the_demo_login_is_shown_only_when_given() -> None:
    context = samples.PAGES["sign-in"][1]
    assert "nexus-demo-12345" in render("accounts/sign_in.html", **context)
    assert "Demo account" not in render("accounts/sign_in.html", **context | {"demo_login": None})


def test_the_first_day_is_not_blank() -> None:
    page = drawn("home-empty")
    for sentence in ("No prices yet", "No bot yet", "Nothing has happened yet", "No decision yet"):
        assert sentence in page
