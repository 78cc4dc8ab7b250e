"""What may be sent with a form of this folder? Text; amounts are read here, and only here."""

import re
from decimal import Decimal

from nexus.bots.errors import BotRefusedError
from nexus.core.forms import Form

LARGEST = Decimal(1_000_000_000)
AMOUNT = re.compile(r"([0-9]+|[0-9]{1,3}(,[0-9]{3})+|[0-9]{1,3}( [0-9]{3})+)([.][0-9]{1,2})?")
"""Whole units, thousands set apart or not, and at most two decimals."""


class ActForm(Form, frozen=True):
    """Nothing but the token every form carries: start, pause."""


class CloseForm(Form, frozen=True):
    """A wish to close; the key makes a second click the same wish."""

    idempotency_key: str = ""


class StopForm(Form, frozen=True):
    """What is meant by "stop everything"; the key makes a second press of a sale the same wish."""

    act: str = ""
    idempotency_key: str = ""


class NewBotForm(Form, frozen=True):
    """What a new bot is to do."""

    strategy: str = ""
    symbol: str = ""
    account: str = ""
    allocation: str = ""


class EditForm(Form, frozen=True):
    """Another amount for a bot; `was` is what its owner saw, `confirm` that they read on."""

    allocation: str = ""
    was: str = ""
    confirm: str = ""


class CloneForm(Form, frozen=True):
    """The same with real money: on which account, with how much, and that the risk is known."""

    account: str = ""
    allocation: str = ""
    risk: str = ""


class LimitsForm(Form, frozen=True):
    """A person's own limits; an empty field is no limit, and a box that is not ticked is empty."""

    allocation: str = ""
    per_trade: str = ""
    day_loss: str = ""
    day_loss_closes: str = ""
    drawdown: str = ""
    drawdown_closes: str = ""
    positions: str = ""
    cooldown_minutes: str = ""


def read_amount(field: str, text: str, *, at_least: Decimal, unit: str) -> Decimal:
    """Read an amount of `unit`, the quote currency; raise BotRefusedError for `field`.

    Commas and spaces are taken between thousands only: `250,50` is two hundred and fifty to many
    people, and must not become twenty-five thousand. Refuses NaN, infinity and exponents.
    """
    plain = text.strip()
    if not AMOUNT.fullmatch(plain):
        sentence = "Write an amount with at most two decimals, like 250 or 1,099.50."
        raise BotRefusedError(field, sentence)
    amount = Decimal(plain.replace(" ", "").replace(",", ""))
    if amount < at_least:
        raise BotRefusedError(field, f"The least a bot can start with is {at_least:,f} {unit}.")
    if amount > LARGEST:
        raise BotRefusedError(field, f"The most a bot can be given is {LARGEST:,} {unit}.")
    return amount
