"""How does a page become text? By a template, which writes every number in one way.

Templates are the files below `templates/`; a fragment is a named block of its page. Every amount
is a `Decimal` and stays one: a float in a template is refused, because it was never money. Times
and marks are those of the `Display` in force; the examples below are in UTC and en-GB.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2_fragments import render_block as render_fragment

from nexus.core import clock
from nexus.core.display import shown

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"

NOTHING = "\u2013"
"""An en dash stands where there is no number yet; a zero would be a statement."""
MINUS = "\u2212"
"""The real minus sign: as wide as the plus, and read aloud as "minus"."""

CURRENCY_DECIMALS = 2
QUANTITY_DECIMALS = 8
PRICE_DIGITS = 5


def render(template: str, /, **context: Any) -> str:
    """Render a whole template; an unknown name in it raises, nothing is silently empty."""
    return environment().get_template(template).render(**context)


def render_block(template: str, block: str, /, **context: Any) -> str:
    """Render one named block of a page, the way the page itself shows it."""
    return render_fragment(environment(), template, block, **context)


@cache
def environment() -> Environment:
    """Build the one template environment."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.globals.update(now=clock.now, display=shown)
    made.filters.update(
        plain=plain,
        quote_currency=quote_currency,
        slug=slug,
        spark_points=spark_points,
        tone=tone,
    )
    for write in (
        ago, also, clock_time, day_time, day_time_zone, money, percent, price, quantity, share,
        signed_money,
    ):  # fmt: skip
        made.filters[write.__name__] = _for_the_reader(write)
    return made


def _for_the_reader(write: Callable[..., str]) -> Callable[..., str]:
    """Keep Jinja from writing a constant once for all while it compiles a template."""

    @pass_context
    def written(_context: object, *values: Any) -> str:
        return write(*values)

    return written


# --------------------------------------------------------------------------------- money
def money(value: Decimal | int | None, currency: str) -> str:
    """Write an amount: `12,345.67 USDT`."""
    if value is None:
        return NOTHING
    cents = _rounded(value, CURRENCY_DECIMALS)
    return f"{_sign(cents, plus='')}{_marked(abs(cents), CURRENCY_DECIMALS)} {currency}"


def signed_money(value: Decimal | int | None, currency: str) -> str:
    """Write a gain or a loss: `+12.30 USDT`; a minus is a real minus, zero carries no sign."""
    if value is None:
        return NOTHING
    cents = _rounded(value, CURRENCY_DECIMALS)
    return f"{_sign(cents)}{_marked(abs(cents), CURRENCY_DECIMALS)} {currency}"


def tone(value: Decimal | int | None) -> str:
    """Name what an amount of money is, as it will be written: profit, loss, even or none."""
    if value is None:
        return "none"
    cents = _rounded(value, CURRENCY_DECIMALS)
    if cents == 0:
        return "even"
    return "profit" if cents > 0 else "loss"


def percent(value: Decimal | int | None) -> str:
    """Write a change: `+1.25%`."""
    if value is None:
        return NOTHING
    rounded = _rounded(value, 2)
    return f"{_sign(rounded)}{_marked(abs(rounded), 2)}%"


def plain(value: Decimal | int) -> str:
    """Write an amount as a field takes it: `1099.5`, without marks between thousands."""
    return f"{_decimal(value).normalize():f}"


def share(value: Decimal | int | None) -> str:
    """Write a part of a whole, given in percent and without a sign: `40%`, `1.25%`."""
    if value is None:
        return NOTHING
    return f"{number(f'{_rounded(value, 2).normalize():,f}')}%"


def price(value: Decimal | int | None) -> str:
    """Write a price with the digits that matter: `97,123.45`, `1.2346`, `0.000012345`."""
    if value is None:
        return NOTHING
    exact = _decimal(value)
    places = max(CURRENCY_DECIMALS, PRICE_DIGITS - 1 - exact.adjusted()) if exact else 2
    return _marked(_rounded(exact, places), places)


def quantity(value: Decimal | int | None) -> str:
    """Write an amount of coins without needless zeros; cut, never rounded up to more than held."""
    if value is None:
        return NOTHING
    exact = _decimal(value).quantize(Decimal(1).scaleb(-QUANTITY_DECIMALS), rounding=ROUND_DOWN)
    text = f"{abs(exact):,.{QUANTITY_DECIMALS}f}".rstrip("0").rstrip(".")
    return f"{_sign(exact, plus='')}{number(text)}"


def also(value: Decimal | None, currency: str, rates: Mapping[str, Decimal]) -> str:
    """Write a sum in the reader's own currency: `About 0.12712 BTC`; empty when it is the same.

    `rates` are the fresh prices by symbol; where none leads there, that is said.
    """
    own = shown().currency
    if not own or own == currency or value is None:
        return ""
    direct, inverse = rates.get(f"{currency}/{own}"), rates.get(f"{own}/{currency}")
    if direct:
        return f"About {price(value * direct)} {own}"
    if inverse:
        return f"About {price(value / inverse)} {own}"
    return f"No rate for {own} now, so this is in {currency} only"


def _decimal(value: Decimal | int) -> Decimal:
    if not isinstance(value, Decimal | int):
        raise TypeError(f"amounts on a page are Decimal, not {type(value).__name__}: {value!r}")
    exact = Decimal(value)
    if not exact.is_finite():
        raise ValueError(f"{value!r} is not an amount that can be shown")
    return exact


def _rounded(value: Decimal | int, places: int) -> Decimal:
    return _decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)


def number(text: str) -> str:
    """Put the reader's marks into a number that was written as `12,345.67`."""
    return shown().written.number(text)


def _marked(value: Decimal, places: int) -> str:
    return number(f"{value:,.{places}f}")


def _sign(value: Decimal, plus: str = "+") -> str:
    if value == 0:
        return ""
    return plus if value > 0 else MINUS


# --------------------------------------------------------------------------------- time
def clock_time(moment: datetime) -> str:
    """Write the time of day: `14:32:05`."""
    display = shown()
    return display.written.time_of(moment.astimezone(display.place), seconds=True)


def day_time(moment: datetime) -> str:
    """Write the day and the time: `22 Nov 14:32`."""
    display = shown()
    local, written = moment.astimezone(display.place), display.written
    return f"{written.day_of(local)} {written.time_of(local, seconds=False)}"


def day_time_zone(moment: datetime) -> str:
    """Write the day, the time and whose time that is: `22 Nov 14:32 UTC`."""
    return f"{day_time(moment)} {shown().zone_words}"


def ago(moment: datetime) -> str:
    """Write how long something is past: `just now`, `12 s ago`, `5 min ago`, `3 h ago`."""
    passed = clock.now() - moment
    for unit, name in (
        (timedelta(days=1), "d"),
        (timedelta(hours=1), "h"),
        (timedelta(minutes=1), "min"),
        (timedelta(seconds=1), "s"),
    ):
        if passed >= unit:
            return f"{passed // unit} {name} ago"
    return "just now"


# --------------------------------------------------------------------------------- shapes
def slug(symbol: str) -> str:
    """Write a symbol so that it can stand in an id or an address: `BTC-USDT`."""
    return symbol.replace("/", "-")


def quote_currency(symbol: str) -> str:
    """Name what a symbol is priced and paid in: `USDT` of `BTC/USDT`."""
    return symbol.partition("/")[2]


def spark_points(values: Sequence[Decimal], width: int, height: int) -> str:
    """Place a series on a width x height field as an SVG polyline's points, latest at the right."""
    low, high = min(values), max(values)
    span = high - low
    step = Decimal(width) / max(len(values) - 1, 1)
    points = []
    for index, value in enumerate(values):
        up = (value - low) / span if span else Decimal("0.5")
        points.append(f"{step * index:.1f},{height - up * height:.1f}")
    return " ".join(points)
