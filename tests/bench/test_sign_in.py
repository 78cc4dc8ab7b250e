"""Does the scenario measure what it says, on a small scale?"""

import re

import pytest

from bench.sign_in import measure
from tests.website import make_passwords_quick


async def test_each_question_gets_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    make_passwords_quick(monkeypatch)
    said = await measure(guesses=60, tries=3, sign_ins=4)
    hammered, compared, audited = said.splitlines()[1:]
    assert "{422: 30, 429: 30}" in hammered or "{429: 30, 422: 30}" in hammered
    assert "the owner meanwhile: 303" in hammered
    for line in (hammered, compared, audited):
        assert all(float(number) > 0 for number in re.findall(r"(\d+\.?\d*) ms", line))
