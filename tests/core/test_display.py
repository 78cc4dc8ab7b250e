"""Does everybody read times and amounts in their own zone and with their own marks?"""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from nexus.core.display import (
    DEFAULT,
    FORMATS,
    Display,
    all_zones,
    find_zone,
    read_key,
    show_as,
    shown,
    shown_as,
)
from nexus.core.render import (
    also,
    clock_time,
    day_time,
    day_time_zone,
    environment,
    money,
    percent,
    price,
    quantity,
    share,
    signed_money,
)

AT = datetime(2026, 3, 2, 23, 5, 9, tzinfo=UTC)
BERLIN = Display("Europe/Berlin", "de-DE")
RATES = {"BTC/USDT": Decimal(50_000)}


@pytest.mark.parametrize(
    ("name", "amount", "small", "day"),
    [
        ("en-GB", "1,234,567.89 USDT", "1,234.50 USDT", "2 Mar 23:05"),
        ("en-US", "1,234,567.89 USDT", "1,234.50 USDT", "Mar 2, 11:05\u202fPM"),
        ("de-DE", "1.234.567,89 USDT", "1.234,50 USDT", "2.3. 23:05"),
        ("de-CH", "1\u2019234\u2019567.89 USDT", "1\u2019234.50 USDT", "2.3. 23:05"),
        ("es-ES", "1.234.567,89 USDT", "1234,50 USDT", "2/3 23:05"),
        ("fr-FR", "1\u202f234\u202f567,89 USDT", "1\u202f234,50 USDT", "02/03 23:05"),
        ("it-IT", "1.234.567,89 USDT", "1.234,50 USDT", "02/03 23:05"),
        ("nl-NL", "1.234.567,89 USDT", "1.234,50 USDT", "2-3 23:05"),
        ("pt-BR", "1.234.567,89 USDT", "1.234,50 USDT", "02/03 23:05"),
        ("sv-SE", "1\u00a0234\u00a0567,89 USDT", "1\u00a0234,50 USDT", "2/3 23:05"),
    ],
)
def test_every_format_has_the_marks_of_its_country(
    name: str, amount: str, small: str, day: str
) -> None:
    with shown_as(Display("UTC", name)):
        assert money(Decimal("1234567.89"), "USDT") == amount
        assert money(Decimal("1234.5"), "USDT") == small
        assert day_time(AT) == day


def test_no_format_is_left_out_of_these_tests() -> None:
    assert len(FORMATS) == 10


def test_every_number_of_a_page_has_the_readers_marks() -> None:
    with shown_as(BERLIN):
        assert signed_money(Decimal("-1234.5"), "USDT") == "\u22121.234,50 USDT"
        assert percent(Decimal("1.25")) == "+1,25%"
        assert share(Decimal("33.3")) == "33,3%"
        assert price(Decimal("97123.45")) == "97.123,45"
        assert quantity(Decimal("0.0041200")) == "0,00412"


@pytest.mark.parametrize(
    ("hour", "written"), [(0, "12:07:09"), (11, "11:07:09"), (12, "12:07:09"), (13, "1:07:09")]
)
def test_a_clock_of_twelve_hours_knows_noon_from_midnight(hour: int, written: str) -> None:
    half = "AM" if hour < 12 else "PM"
    with shown_as(Display("UTC", "en-US")):
        assert clock_time(AT.replace(hour=hour, minute=7)) == f"{written}\u202f{half}"


def test_a_moment_is_in_the_readers_zone_in_summer_and_in_winter() -> None:
    july = datetime(2026, 7, 1, 23, 5, tzinfo=UTC)
    with shown_as(BERLIN):
        assert (day_time(AT), day_time(july)) == ("3.3. 00:05", "2.7. 01:05")
        assert day_time_zone(AT) == "3.3. 00:05 Europe/Berlin"
    with shown_as(Display("America/New_York")):
        assert day_time_zone(AT) == "2 Mar 18:05 America/New York"
    assert day_time_zone(AT) == "2 Mar 23:05 UTC"


def test_a_zone_and_a_format_that_are_not_known_here_are_the_default() -> None:
    with shown_as(Display("Mars/Olympus", "tlh")):
        assert (day_time_zone(AT), money(1234, "USDT")) == ("2 Mar 23:05 UTC", "1,234.00 USDT")


def test_what_is_shown_ends_where_it_was_begun() -> None:
    with shown_as(BERLIN):
        assert shown() is BERLIN
        with shown_as(DEFAULT):
            assert shown() is DEFAULT
        assert shown() is BERLIN
    assert shown() is DEFAULT


def test_a_constant_in_a_template_is_written_for_each_reader() -> None:
    template = environment().from_string("{{ 1234|money('USDT') }}")
    assert template.render() == "1,234.00 USDT"
    with shown_as(BERLIN):
        assert template.render() == "1.234,00 USDT"


# --------------------------------------------------------------------------------- currency
def test_a_sum_is_also_shown_in_the_currency_somebody_chose() -> None:
    with shown_as(Display(currency="BTC")):
        assert also(Decimal(6356), "USDT", RATES) == "About 0.12712 BTC"
    with shown_as(Display(currency="USDT")):
        assert also(Decimal("0.5"), "BTC", RATES) == "About 25,000.00 USDT"


def test_without_a_fresh_price_the_page_says_so() -> None:
    with shown_as(Display(currency="ETH")):
        said = "No rate for ETH now, so this is in USDT only"
        assert also(Decimal(10), "USDT", RATES) == said


def test_nothing_is_said_where_there_is_nothing_to_say() -> None:
    assert also(Decimal(10), "USDT", RATES) == "", "nothing was chosen"
    with shown_as(Display(currency="BTC")):
        assert also(Decimal(10), "BTC", RATES) == "", "it is in it already"
        assert also(None, "USDT", RATES) == "", "the sum itself is not known"


# --------------------------------------------------------------------------------- zones
@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" europe/berlin ", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("utc", "UTC"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("Eastern", None),
        ("Atlantis", None),
        ("../../etc/passwd", None),
        ("", None),
    ],
)
def test_a_zone_is_found_by_its_name_or_by_its_city(typed: str, zone: str | None) -> None:
    assert find_zone(typed) == zone


def test_every_zone_in_the_list_can_be_chosen_and_shown() -> None:
    assert len(all_zones()) > 300
    for zone in all_zones():
        assert find_zone(zone) == zone
        with shown_as(Display(zone)):
            assert zone == "UTC" or day_time_zone(AT).endswith(zone.replace("_", " "))


# --------------------------------------------------------------------------------- addresses
def test_a_choice_survives_an_address() -> None:
    for chosen in (DEFAULT, BERLIN, Display("America/New_York", "en-US", "BTC")):
        assert read_key(chosen.key, DEFAULT) == chosen


@pytest.mark.parametrize(
    "text", ["", "de-DE", "de-DE,,Mars/Olympus", "xx,,UTC", "de-DE,<b>,UTC", "x" * 10_000]
)
def test_an_address_that_says_nonsense_is_passed_over(text: str) -> None:
    assert read_key(text, BERLIN) is BERLIN


async def test_a_display_that_was_set_stays_in_its_own_task() -> None:
    async def other() -> None:
        show_as(BERLIN)

    await asyncio.create_task(other())
    assert shown() is DEFAULT
