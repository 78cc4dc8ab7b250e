"""Does every reason that can be written have words a person understands?"""

import ast
import re

import pytest

from nexus.bots.models import Bot
from nexus.bots.reasons import SENTENCES, sentence
from tests.feed.reasons import (
    COMPUTED,
    SOURCE,
    all_reasons,
    reasons_in,
    spelt_out,
    statuses_of,
)


@pytest.mark.parametrize("reason", all_reasons())
def test_every_reason_that_can_be_written_has_a_sentence(reason: str) -> None:
    said = sentence(reason)
    assert said != reason, f"reasons.py has no sentence for {reason.partition(':')[0]}"
    assert re.fullmatch(r"[A-Z][^{}_=]+\.", said), said
    assert "!" not in said


def test_the_reasons_are_really_found() -> None:
    codes = {reason.partition(":")[0] for reason in all_reasons()}
    assert {"BOT_PAUSED", "TIER_BELOW_MINIMUM", "SLIPPAGE", "NOT_PLACED", "DUST"} <= codes
    assert {"GATE_CLOSED", "STOPPED", "TOO_OLD", "BOT_CLOSING", "UNKNOWN"} <= codes


def test_no_sentence_waits_for_a_code_that_nobody_writes() -> None:
    codes = {reason.partition(":")[0] for reason in all_reasons()}
    assert set(SENTENCES) - codes == {"NOTHING_TRADED"}, "said by feed/words.py itself"


def test_a_planted_reason_is_seen() -> None:
    planted = 'def f(n):\n    """BOT_X: no."""\n    return Denial(f"NEW_CODE: left={n}")'
    assert reasons_in(planted) == {"NEW_CODE: left={}"}
    assert sentence("NEW_CODE: left=1") == "NEW_CODE: left=1"


def test_what_is_computed_in_a_code_is_all_of_it() -> None:
    assert set(COMPUTED["BOT_{}"]) == {s.upper() for s in statuses_of(Bot)} - {"RUNNING"}
    tree = ast.parse((SOURCE / "fanout" / "size.py").read_text())
    strings = {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    limits = {text for text in strings if re.fullmatch("[A-Z_]*[A-Z]", text)}
    assert set(COMPUTED["{}_BELOW_MINIMUM"]) == limits
    with pytest.raises(KeyError):
        spelt_out("{}_NEW: left={}")


def test_numbers_of_a_reason_stand_in_its_sentence() -> None:
    said = sentence("BALANCE_BELOW_MINIMUM: free=4.2 needed=5.25")
    assert said == "The account had too little free: 4.2 of at least 5.25."


@pytest.mark.parametrize(
    "reason", ["BALANCE_BELOW_MINIMUM: free=4.2", "SOMETHING_NEW: a=1", "A plain sentence.", ""]
)
def test_what_cannot_be_put_into_words_is_shown_as_it_stands(reason: str) -> None:
    assert sentence(reason) == reason


def test_what_an_exchange_says_never_becomes_part_of_our_sentence() -> None:
    said = sentence("REJECTED: code=-1013 message=Filter failure: <b>LOT_SIZE</b> needed={free}")
    assert said == "The exchange refused the order. Nothing was traded."
