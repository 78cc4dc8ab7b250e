"""What does a paper order cost and bring? Pure arithmetic on a book of free balances.

Rounding never flatters: prices, costs and fees are rounded to the eighth place against the
trader, as are the few hundred-millionths Binance itself rounds away.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal

from nexus.exchanges.protocol import Filters, Intent, Rejected, Side

Book = dict[tuple[int, str], Decimal]
"""What is free, by account id and asset."""

EIGHTH_PLACE = Decimal("0.00000001")
BPS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class PaperCosts:
    """What trading on paper costs, in hundredths of a percent."""

    fee_bps: Decimal
    slippage_bps: Decimal


@dataclass(frozen=True, slots=True)
class PaperFill:
    """One order, filled whole at one price."""

    intent: Intent
    price: Decimal
    quote: Decimal
    fee: Decimal
    fee_asset: str


def fill(
    intent: Intent, price: Decimal, filters: Filters, book: Book, costs: PaperCosts
) -> PaperFill | Rejected:
    """Fill `intent` near `price` and move the money in `book`, or refuse in Binance's words."""
    refusal = _refuse(intent, price, filters)
    if refusal:
        return Rejected(-1013, refusal)
    filled = _price(intent, price, costs)
    base, quote = intent.symbol.split("/")
    if intent.side is Side.BUY:
        gives, takes = (quote, filled.quote), (base, intent.quantity - filled.fee)
    else:
        gives, takes = (base, intent.quantity), (quote, filled.quote - filled.fee)
    if not _exchange(book, intent.account.id, gives, takes):
        return Rejected(-2010, "Account has insufficient balance for requested action.")
    return filled


def _refuse(intent: Intent, price: Decimal, filters: Filters) -> str:
    """Say which rule of the venue the order breaks, or nothing."""
    quantity, step = intent.quantity, filters.step_size
    if not filters.trading:
        return "Market is closed."
    if not quantity.is_finite() or not filters.min_quantity <= quantity <= filters.max_quantity:
        return "Filter failure: LOT_SIZE"
    if quantity <= 0 or (step and quantity % step):
        return "Filter failure: LOT_SIZE"
    if quantity * price < filters.min_notional:
        return "Filter failure: NOTIONAL"
    return ""


def _price(intent: Intent, price: Decimal, costs: PaperCosts) -> PaperFill:
    """Work out the price, the cost and the fee; the fee is taken from what is received."""
    base, quote = intent.symbol.split("/")
    slip = costs.slippage_bps / BPS
    if intent.side is Side.BUY:
        paid = (price * (1 + slip)).quantize(EIGHTH_PLACE, ROUND_UP)
    else:
        paid = (price * (1 - slip)).quantize(EIGHTH_PLACE, ROUND_DOWN)
    cost = quote_amount(intent.side, intent.quantity, paid)
    received, asset = (intent.quantity, base) if intent.side is Side.BUY else (cost, quote)
    fee = (received * costs.fee_bps / BPS).quantize(EIGHTH_PLACE, ROUND_UP)
    return PaperFill(intent, paid, cost, fee, asset)


def quote_amount(side: Side, quantity: Decimal, price: Decimal) -> Decimal:
    """Say what `quantity` costs at `price`, or brings."""
    rounding = ROUND_UP if side is Side.BUY else ROUND_DOWN
    return (quantity * price).quantize(EIGHTH_PLACE, rounding)


def _exchange(
    book: Book, account_id: int, gives: tuple[str, Decimal], takes: tuple[str, Decimal]
) -> bool:
    """Move the money, unless there is too little of it."""
    left = book.get((account_id, gives[0]), Decimal(0)) - gives[1]
    if left < 0:
        return False
    book[account_id, gives[0]] = left
    book[account_id, takes[0]] = book.get((account_id, takes[0]), Decimal(0)) + takes[1]
    return True
