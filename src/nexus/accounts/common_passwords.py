"""Is this a password that everybody tries first? Two bundled lists, from leaks of many years.

`common_passwords.txt` holds the 12,000 most used passwords of 12 characters and more,
`common_words.txt` the 5,000 most used beginnings of shorter ones. Both are in lower case.
"""

import string
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
DECORATION = string.digits + string.punctuation + string.whitespace
"""What people put around a word to make it longer; whoever guesses does the same."""


OUR_WORDS = (
    "cryptocurrency", "nexus", "binance", "coinbase", "kraken", "okx", "bitcoin", "ethereum",
    "tether", "usdt", "btc", "eth", "crypto", "exchange", "trading", "trader", "trade", "wallet",
    "robot", "bot", "hodl", "moon",
)  # fmt: skip
"""What comes to mind first to whoever sits before this very page, the longer ones first."""
LEAST_REST = 6


def is_common(password: str) -> bool:
    """Say whether a password is listed, a common word with digits and signs, or of our words."""
    lowered = password.casefold()
    if is_of_our_words(lowered):
        return True
    return lowered in _listed("common_passwords") or lowered.strip(DECORATION) in _listed(
        "common_words"
    )


def is_of_our_words(lowered: str) -> bool:
    """Say whether hardly anything is left once our words, digits and signs are taken out."""
    if not any(word in lowered for word in OUR_WORDS):
        return False
    for word in OUR_WORDS:
        lowered = lowered.replace(word, "")
    return sum(letter not in DECORATION for letter in lowered) < LEAST_REST


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset((HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines())
