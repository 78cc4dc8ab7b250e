"""What did somebody type as their limits? An empty field is no limit."""

from decimal import Decimal
from typing import Final

from nexus.bots.forms import AMOUNT, LARGEST, LimitsForm
from nexus.bots.limits import Limits

MOST_POSITIONS: Final = 1000
LONGEST_MINUTES: Final = 10_080
"""Seven days: whoever wants a longer pause pauses the bots."""
AMOUNT_WANTED = "Write an amount above zero with at most two decimals, like 250 or 1,099.50."
TOO_LARGE = f"Write at most {LARGEST:,}, or leave it empty for no limit."
NO_AMOUNT = "Write the amount at which everything is to be sold, or take the mark below away."

Errors = dict[str, str]


def read_limits(form: LimitsForm) -> tuple[Limits, Errors]:
    """Read all fields; gives the limits, and a sentence for each field that is none."""
    errors: Errors = {}
    limits = Limits(
        allocation=_amount("allocation", form.allocation, errors),
        per_trade=_amount("per_trade", form.per_trade, errors),
        day_loss=_amount("day_loss", form.day_loss, errors),
        day_loss_closes=form.day_loss_closes != "",
        drawdown=_amount("drawdown", form.drawdown, errors),
        drawdown_closes=form.drawdown_closes != "",
        positions=_number("positions", form.positions, MOST_POSITIONS, errors),
        cooldown_minutes=_number(
            "cooldown_minutes", form.cooldown_minutes, LONGEST_MINUTES, errors
        ),
    )
    if limits.day_loss_closes and limits.day_loss is None:
        errors.setdefault("day_loss", NO_AMOUNT)
    if limits.drawdown_closes and limits.drawdown is None:
        errors.setdefault("drawdown", NO_AMOUNT)
    return limits, errors


def written(limits: Limits) -> LimitsForm:
    """Write limits as they would be typed."""
    return LimitsForm(
        allocation=_text(limits.allocation),
        per_trade=_text(limits.per_trade),
        day_loss=_text(limits.day_loss),
        day_loss_closes="yes" if limits.day_loss_closes else "",
        drawdown=_text(limits.drawdown),
        drawdown_closes="yes" if limits.drawdown_closes else "",
        positions=str(limits.positions or ""),
        cooldown_minutes=str(limits.cooldown_minutes or ""),
    )


def _text(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount.normalize():f}"


def _amount(field: str, text: str, errors: Errors) -> Decimal | None:
    plain = text.strip()
    if not plain:
        return None
    if not AMOUNT.fullmatch(plain):
        errors[field] = AMOUNT_WANTED
        return None
    amount = Decimal(plain.replace(" ", "").replace(",", ""))
    if not 0 < amount <= LARGEST:
        errors[field] = TOO_LARGE if amount else AMOUNT_WANTED
        return None
    return amount


def _number(field: str, text: str, most: int, errors: Errors) -> int | None:
    plain = text.strip()
    if not plain:
        return None
    readable = plain.isascii() and plain.isdigit() and len(plain) <= len(str(most))
    if not readable or not 1 <= int(plain) <= most:
        errors[field] = f"Write a whole number from 1 to {most:,}, or leave it empty for no limit."
        return None
    return int(plain)
