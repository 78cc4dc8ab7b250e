"""What may be sent with a form of this folder? Text; amounts are read here, and only here."""

from decimal import Decimal, InvalidOperation

from nexus.bots.errors import BotRefusedError
from nexus.core.forms import Form

LARGEST = Decimal(1_000_000_000)
CENTS = 2


class ActForm(Form, frozen=True):
    """Nothing but the token every form carries: start, pause."""


class CloseForm(Form, frozen=True):
    """A wish to close; the key makes a second click the same wish."""

    idempotency_key: str = ""


class NewBotForm(Form, frozen=True):
    """What a new bot is to do."""

    strategy: str = ""
    symbol: str = ""
    account: str = ""
    allocation: str = ""


def read_amount(field: str, text: str, *, at_least: Decimal) -> Decimal:
    """Read an amount of quote currency; raise BotRefusedError with a sentence for `field`.

    Accepts thousands commas and spaces as people type them; refuses NaN, infinity and exponents.
    """
    plain = text.strip().replace(" ", "").replace(",", "")
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        raise BotRefusedError(field, "Write an amount, like 250 or 99.50.") from None
    if not plain.replace(".", "", 1).isdecimal():
        raise BotRefusedError(field, "Write an amount, like 250 or 99.50.")
    if amount < at_least:
        raise BotRefusedError(field, f"The least a bot can start with is {at_least}.")
    if amount > LARGEST or amount != round(amount, CENTS):
        raise BotRefusedError(field, "Use at most two decimals and a smaller amount.")
    return amount
