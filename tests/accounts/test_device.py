"""Does somebody recognise their own devices?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.accounts.device import BROWSERS, SYSTEMS, UNKNOWN, device_in_words

APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROMIUM = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROMIUM} Safari/537.36",
            "Chrome on Windows",
        ),
        (f"Mozilla/5.0 (Windows NT 10.0) {CHROMIUM} Safari/537.36 Edg/149.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 16) {CHROMIUM} Safari/537.36 OPR/99", "Opera on Android"),
        (
            f"Mozilla/5.0 (Linux; Android 16) SamsungBrowser/29 {CHROMIUM} Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        (f"Mozilla/5.0 (X11; CrOS x86_64) {CHROMIUM} Safari/537.36", "Chrome on ChromeOS"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0",
            "Firefox on Linux",
        ),
        (
            "Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0",
            "Firefox on Android",
        ),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) {APPLE} FxiOS/150 Safari/604",
            "Firefox on iPhone",
        ),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) {APPLE} CriOS/149 Safari/604",
            "Chrome on iPhone",
        ),
        (
            f"Mozilla/5.0 (iPad; CPU OS 26_0 like Mac OS X) {APPLE} Version/26.0 Safari/604.1",
            "Safari on iPad",
        ),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/26.0 Safari/605.1",
            "Safari on Mac",
        ),
        ("Something (Linux)", "A browser on Linux"),
        ("Firefox/1", "Firefox"),
        ("curl/8", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_it_is_named_as_people_name_it(user_agent: str, words: str) -> None:
    assert device_in_words(user_agent) == words


@given(st.text(max_size=300))
def test_only_our_own_words_are_shown(user_agent: str) -> None:
    """Whatever a browser claims to be, nothing of its text reaches the page."""
    ours = {UNKNOWN, *(name for _, name in BROWSERS)}
    ours |= {f"{name} on {on}" for _, name in (*BROWSERS, ("", "A browser")) for _, on in SYSTEMS}
    assert device_in_words(user_agent) in ours
