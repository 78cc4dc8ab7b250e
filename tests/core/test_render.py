"""Are numbers and times written so that nobody can misread them?"""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markupsafe import escape

from nexus.core import clock
from nexus.core.render import (
    MINUS,
    NOTHING,
    ago,
    clock_time,
    day_time,
    environment,
    money,
    percent,
    plain,
    price,
    quantity,
    quote_currency,
    render,
    render_block,
    share,
    signed_money,
    slug,
    spark_points,
    tone,
)
from tests.templates import samples

AT = datetime(2026, 3, 2, 14, 5, 9, tzinfo=UTC)


def test_a_share_of_a_whole_has_no_needless_digits() -> None:
    percents = (Decimal(0), Decimal(100), Decimal("33.333"), Decimal("70.0"), None)
    assert [share(percent) for percent in percents] == ["0%", "100%", "33.33%", "70%", NOTHING]


def test_an_amount_for_a_field_has_neither_marks_nor_exponents() -> None:
    amounts = (Decimal("1E+3"), Decimal("1099.500000000000"), Decimal(0), 18)
    assert [plain(amount) for amount in amounts] == ["1000", "1099.5", "0", "18"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("12345.67"), "12,345.67 USDT"),
        (Decimal("1234567.895"), "1,234,567.90 USDT"),
        (Decimal(0), "0.00 USDT"),
        (Decimal("-4.1"), f"{MINUS}4.10 USDT"),
        (Decimal("-0.001"), "0.00 USDT"),
        (5, "5.00 USDT"),
        (None, NOTHING),
    ],
)
def test_money(value: Decimal | int | None, written: str) -> None:
    assert money(value, "USDT") == written


@pytest.mark.parametrize(
    ("value", "written", "named"),
    [
        (Decimal("12.3"), "+12.30 USDT", "profit"),
        (Decimal(-4), f"{MINUS}4.00 USDT", "loss"),
        (Decimal(0), "0.00 USDT", "even"),
        (Decimal("0.004"), "0.00 USDT", "even"),
        (Decimal("-0.004"), "0.00 USDT", "even"),
        (None, NOTHING, "none"),
    ],
)
def test_a_result_has_a_sign_and_a_word_that_agree(
    value: Decimal | None, written: str, named: str
) -> None:
    assert signed_money(value, "USDT") == written
    assert tone(value) == named


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=6))
def test_no_amount_changes_by_more_than_half_a_cent(value: Decimal) -> None:
    shown = Decimal(money(value, "").strip().replace(",", "").replace(MINUS, "-"))
    assert abs(shown - value) <= Decimal("0.005")
    sign = signed_money(value, "")[0]
    assert {"profit": sign == "+", "loss": sign == MINUS, "even": sign == "0"}[tone(value)]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("97123.454"), "97,123.45"),
        (Decimal("2841.2"), "2,841.20"),
        (Decimal("142.305"), "142.30"),
        (Decimal("1.23456"), "1.2346"),
        (Decimal("0.000012345678"), "0.000012346"),
        (Decimal(0), "0.00"),
        (None, NOTHING),
    ],
)
def test_a_price_has_the_digits_that_matter(value: Decimal | None, written: str) -> None:
    assert price(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("0.00721000"), "0.00721"),
        (Decimal("1.999999999"), "1.99999999"),
        (Decimal(1200), "1,200"),
        (Decimal("1E+3"), "1,000"),
        (Decimal(0), "0"),
        (None, NOTHING),
    ],
)
def test_a_quantity_is_cut_and_never_rounded_up(value: Decimal | None, written: str) -> None:
    assert quantity(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("1.254"), "+1.25%"),
        (Decimal("-7.31"), f"{MINUS}7.31%"),
        (Decimal(0), "0.00%"),
        (None, NOTHING),
    ],
)
def test_a_percentage_has_a_sign(value: Decimal | None, written: str) -> None:
    assert percent(value) == written


def test_a_share_has_no_sign() -> None:
    assert (share(Decimal("1.254")), share(None)) == ("1.25%", NOTHING)


@pytest.mark.parametrize("write", [percent, price, quantity, share, tone])
def test_a_float_is_refused_because_it_was_never_money(write: Any) -> None:
    with pytest.raises(TypeError, match="Decimal, not float"):
        write(1.5)


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity")])
def test_what_is_no_number_is_refused(value: Decimal) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        price(value)


def test_times_are_written_in_utc() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=-7)))
    assert clock_time(elsewhere) == "14:05:09"
    assert day_time(elsewhere) == "2 Mar 14:05"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "just now"),
        (-3, "just now"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (7_300, "2 h ago"),
        (200_000, "2 d ago"),
    ],
)
def test_how_long_ago_goes_by_the_clock_in_force(seconds: int, written: str) -> None:
    with clock.use(clock.SetClock(AT)):
        assert ago(AT - timedelta(seconds=seconds)) == written


def test_symbols_can_stand_in_ids_and_addresses() -> None:
    assert slug("BTC/USDT") == "BTC-USDT"
    assert quote_currency("BTC/USDT") == "USDT"


def test_a_sparkline_fills_its_field_with_the_latest_at_the_right() -> None:
    assert (
        spark_points([Decimal(5), Decimal(10), Decimal(0)], 96, 32) == "0.0,16.0 48.0,0.0 96.0,32.0"
    )
    assert spark_points([Decimal(7), Decimal(7)], 96, 32) == "0.0,16.0 96.0,16.0"


def test_a_block_is_drawn_as_its_page_draws_it() -> None:
    context = samples.PAGES["sign-in-wrong"][1]
    form = render_block("accounts/sign_in.html", "form", **context)
    assert form.strip().startswith('<form id="form"')
    assert "The e-mail or the password is wrong" in form
    assert "<html" not in form
    assert form.strip() in render("accounts/sign_in.html", **context)


def test_what_people_wrote_is_never_markup() -> None:
    attack = '"><script>alert(1)</script>'
    page = render("accounts/sign_in.html", **samples.PAGES["sign-in"][1] | {"email": attack})
    assert attack not in page
    assert escape(attack) in page


def test_a_name_that_is_not_there_raises_instead_of_showing_nothing() -> None:
    context = dict(samples.PAGES["sign-in"][1])
    del context["csrf_token"]
    with pytest.raises(UndefinedError, match="csrf_token"):
        render("accounts/sign_in.html", **context)


def test_there_is_one_environment() -> None:
    assert environment() is environment()
