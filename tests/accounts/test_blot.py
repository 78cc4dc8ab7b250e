"""Is what lets somebody in left out of a text, and nothing else?"""

import pytest

from nexus.accounts.blot import blot


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("http://x/reset?token=aB_-9\n\nWait", "http://x/reset?token=(left out)\n\nWait"),
        ("http://x/y?token=aB9&next=/", "http://x/y?token=(left out)&next=/"),
        ("1234 5678 is your code", "(left out) is your code"),
        ("    12345678\n", "    (left out)\n"),
        ("It is order 123456789 of 2026.", "It is order 123456789 of 2026."),
        (None, None),
        (7, 7),
    ],
)
def test_what_is_left_of_a_text(text: object, left: object) -> None:
    assert blot(text) == left
