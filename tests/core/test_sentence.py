"""Is a sentence with amounts in it one text for storage, and each reader's own on a page?"""

import json
from datetime import UTC, datetime
from decimal import Decimal

from nexus.core.display import Display, shown_as
from nexus.core.render import environment
from nexus.core.sentence import Sentence, packed, unpacked

AT = datetime(2026, 3, 2, 23, 5, 9, tzinfo=UTC)
GERMAN = Display("Europe/Berlin", "de-DE")
BOUGHT = Sentence(
    "Bought {} BTC for {}.", ("quantity", Decimal("0.008")), ("money", Decimal(1400), "USDT")
)


def drawn(text: str) -> str:
    return environment().from_string("{{ text }} On.").render(text=text)


def test_a_page_writes_it_for_its_reader() -> None:
    assert drawn(BOUGHT) == "Bought 0.008 BTC for 1,400.00 USDT. On."
    with shown_as(GERMAN):
        assert drawn(BOUGHT) == "Bought 0,008 BTC for 1.400,00 USDT. On."


def test_times_are_in_the_readers_zone() -> None:
    said = Sentence("Not before {}, then at {}.", ("day_time_zone", AT), ("clock_time", AT))
    with shown_as(GERMAN):
        assert drawn(said) == "Not before 3.3. 00:05 Europe/Berlin, then at 00:05:09. On."
    assert said == "Not before 2 Mar 23:05 UTC, then at 23:05:09."


def test_as_a_text_it_is_the_defaults_wherever_it_was_made() -> None:
    with shown_as(GERMAN):
        made = Sentence("Costs {}.", ("money", Decimal("1234.5"), "USDT"))
        assert made == "Costs 1,234.50 USDT."


def test_markup_in_it_is_escaped() -> None:
    assert drawn(Sentence("<b>{}</b>", ("number", "1.5"))).startswith("&lt;b&gt;1.5&lt;/b&gt;")


def test_it_survives_being_kept_as_json() -> None:
    kept = json.loads(json.dumps(packed(BOUGHT)))
    with shown_as(GERMAN):
        assert drawn(unpacked(kept, "")) == drawn(BOUGHT)


def test_a_text_without_parts_is_kept_as_it_is() -> None:
    assert packed("Nothing traded.") is None
    assert unpacked(None, "Nothing traded.") == "Nothing traded."
