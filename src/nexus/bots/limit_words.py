"""How do we say to a person which of their limits holds entries back now?"""

from collections.abc import Iterable
from datetime import datetime

from nexus.bots.limits import (
    Allowance,
    cooldown_until,
    day_loss_reached,
    drawdown_reached,
    entry_refusal,
    told,
)
from nexus.core.sentence import Sentence


def limit_words(allowance: Allowance, at: datetime, *, opens: bool) -> str:
    """Say which limit keeps a bot from buying; empty when none does.

    `opens` says that the bot is in no trade: one that is may still add to it.
    """
    limits, standing = allowance.limits, allowance.standing
    if day_loss_reached(limits, standing):
        lost, most = told(-standing.day_result), told(limits.day_loss)
        return Sentence(
            f"Today's loss of {{}} has reached your limit of {{}}. {UNTIL_MIDNIGHT}",
            ("number", lost), ("number", most),
        )  # fmt: skip
    if drawdown_reached(limits, standing):
        fallen, most = told(standing.fallen), told(limits.drawdown)
        return Sentence(
            "Your result is {} below its highest, and your limit is {}."
            " Nothing is bought until you raise the limit or measure anew.",
            ("number", fallen), ("number", most),
        )  # fmt: skip
    until = cooldown_until(limits, standing)
    if until is not None and at < until:
        return Sentence(
            "After a loss you wanted a pause: nothing is bought before {}.",
            ("day_time_zone", until),
        )
    if entry_refusal(limits, standing, at, opens=opens).startswith("POSITIONS_LIMIT"):
        return (
            f"As many bots as you allow are in a trade: {standing.positions} of"
            f" {limits.positions}."
            " Another one waits until one has left."
        )
    if limits.allocation is not None and standing.invested >= limits.allocation:
        return Sentence(
            "Your bots have invested all of the {} that you allow.",
            ("number", told(limits.allocation)),
        )
    return ""


def all_words(allowances: Iterable[Allowance], at: datetime) -> list[str]:
    """Say for all purses of a person what holds entries back, each sentence once."""
    said = [limit_words(allowance, at, opens=True) for allowance in allowances]
    return list(dict.fromkeys(words for words in said if words))


UNTIL_MIDNIGHT = "Nothing is bought before 00:00 UTC, when a new day begins."
