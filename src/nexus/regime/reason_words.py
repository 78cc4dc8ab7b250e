"""What is each reason of the gate called? `judge.py` gives the sentences."""

from collections.abc import Mapping
from typing import Final

REASONS: Final[Mapping[str, str]] = {
    "CRASH_GUARD": "Crash guard",
    "DATA_DISPUTED": "Sources disagree",
    "DATA_GAP": "Candles missing",
    "DATA_MISSING": "No price",
    "DATA_STALE": "Old data",
    "REGIME_BEARISH": "Bearish market",
    "REGIME_BULLISH": "Bullish market",
    "REGIME_SIDEWAYS": "No trend",
    "REGIME_UNKNOWN": "Market unknown",
    "REGIME_UNSETTLED": "Too new to believe",
    "STOPPED": "Switched off",
    "WARMING_UP": "Warming up",
}
"""Every reason code in two or three words."""
