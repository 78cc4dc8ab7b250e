"""How much, for one bot? Pure rules over one bot's seat; every refusal carries its numbers.

Words: a bot is *denied* by us, with `REASON_CODE: key=value`. Quantities are rounded down to
the venue's step, and checked again after rounding.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from nexus.bots.limits import UNLIMITED, Purse, Terms
from nexus.exchanges.protocol import Filters, Side, may_trade
from nexus.settings import TradingSettings
from nexus.strategy.border import Action

BPS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Seat:
    """What we know of one bot when a decision arrives: its wish, its means and its limits."""

    bot_id: int
    user_id: int
    account_id: int
    venue: str
    status: str
    account_status: str
    allocation: Decimal
    max_order: Decimal | None
    held: Decimal
    """Base units it holds by its own fills."""
    cost: Decimal
    """Quote currency it paid for them."""
    trade_id: int | None
    """The leader's trade it is in."""
    free_quote: Decimal
    """Free on the account, less what open plans will spend."""
    free_base: Decimal
    tier_left: Decimal | None
    """Quote currency the tier still allows the person to invest; None without a valid tier."""
    has_live_order: bool
    limited: bool = False
    """Whether its owner has set limits of their own."""

    def purse(self, symbol: str) -> Purse:
        """Name what is counted together with this bot for its owner's limits."""
        return Purse(self.user_id, self.venue == "paper", symbol.partition("/")[2])


@dataclass(frozen=True, slots=True)
class Wish:
    """What the leader does, as seen by the bots that follow."""

    action: Action
    symbol: str
    price: Decimal
    target_fraction: Decimal
    leader_fraction: Decimal
    """The share the leader had invested before this decision."""
    trade_id: int
    """The leader's trade."""


@dataclass(frozen=True, slots=True)
class Leg:
    """An order to be placed."""

    side: Side
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Denial:
    """No order, and why: `CODE: key=value key=value`."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotYet:
    """No plan now: an order of this bot is still open, and what it does must be known first."""


def size(
    seat: Seat,
    wish: Wish,
    filters: Filters | None,
    rules: TradingSettings,
    terms: Terms = UNLIMITED,
) -> Leg | Denial | NotYet:
    """Say what one bot does about the leader's move, on its owner's own terms."""
    side = Side.BUY if wish.action.buys else Side.SELL
    if not may_trade(seat.account_status, side):
        return Denial(f"ACCOUNT_NOT_ACTIVE: status={seat.account_status}")
    if filters is None or not filters.trading:
        return Denial(f"SYMBOL_NOT_TRADING: symbol={wish.symbol} venue={seat.venue}")
    if wish.action.buys:
        return _size_buy(seat, wish, filters, rules, terms)
    return _size_sell(seat, wish, filters)


def size_close(
    seat: Seat, symbol: str, price: Decimal, filters: Filters | None
) -> Leg | Denial | NotYet:
    """Sell everything a bot holds, because its owner said so."""
    if seat.has_live_order:
        return NotYet()
    if filters is None or not filters.trading:
        return Denial(f"SYMBOL_NOT_TRADING: symbol={symbol} venue={seat.venue}")
    return _sell(min(seat.held, seat.free_base), price, filters)


def _size_buy(
    seat: Seat, wish: Wish, filters: Filters, rules: TradingSettings, terms: Terms
) -> Leg | Denial:
    refusal = _entry_refusal(seat, wish, terms)
    if refusal is not None:
        return refusal
    wanted = seat.allocation * wish.target_fraction - seat.cost
    spend, limit = _tightest(wanted, seat, rules, terms)
    least = max(filters.min_notional, filters.min_quantity * wish.price)
    least *= 1 + rules.notional_margin_percent / 100
    quantity = round_down(min(spend / wish.price, filters.max_quantity), filters.step_size)
    if quantity <= 0 or quantity * wish.price < least:
        if spend >= least:  # Enough, were it not for the venue's steps.
            least = _in_whole_steps(least, wish.price, filters.step_size)
        return Denial(f"{limit}_BELOW_MINIMUM: free={plain(spend)} needed={plain(least)}")
    return Leg(Side.BUY, quantity)


def _entry_refusal(seat: Seat, wish: Wish, terms: Terms) -> Denial | None:
    """Say why a bot may not buy at all."""
    if seat.status != "running":
        return Denial(f"BOT_{seat.status.upper()}: status={seat.status}")
    if wish.action is Action.ADD and seat.trade_id != wish.trade_id:
        return Denial(f"NOT_IN_TRADE: trade={wish.trade_id}")
    if seat.has_live_order:
        return Denial("ORDER_OPEN: an earlier order of this bot is not settled yet")
    if seat.tier_left is None:
        return Denial("NO_TIER: a valid tier is needed to enter a trade")
    if seat.allocation * wish.target_fraction <= seat.cost:
        return Denial(f"ALREADY_INVESTED: invested={plain(seat.cost)}")
    return Denial(terms.refusal) if terms.refusal else None


def _in_whole_steps(least: Decimal, price: Decimal, step: Decimal) -> Decimal:
    """Give what the smallest whole quantity costs that is worth at least so much."""
    below = round_down(least / price, step) * price
    return below if 0 < below >= least else max(least, below + step * price)


def _tightest(
    wanted: Decimal, seat: Seat, rules: TradingSettings, terms: Terms
) -> tuple[Decimal, str]:
    """Find the smallest of the limits on what may be spent, and its name.

    The balance keeps room for the slippage cap: a market order may cost that much more.
    """
    affordable = seat.free_quote / (1 + rules.slippage_cap_bps / BPS)
    limits = [(wanted, "ORDER"), (affordable, "BALANCE"), (seat.tier_left or Decimal(0), "TIER")]
    own = (
        (seat.max_order, "USER_LIMIT"),
        (terms.per_trade, "TRADE_LIMIT"),
        (terms.left, "ALLOCATION_LIMIT"),
    )
    limits += [(limit, name) for limit, name in own if limit is not None]
    spend, name = min(limits, key=lambda limit: limit[0])
    return max(spend, Decimal(0)), name


def _size_sell(seat: Seat, wish: Wish, filters: Filters) -> Leg | Denial | NotYet:
    if seat.has_live_order:
        return NotYet()
    if seat.trade_id != wish.trade_id or seat.held <= 0:
        return Denial(f"NOT_IN_TRADE: trade={wish.trade_id}")
    quantity = min(seat.held, seat.free_base)
    if wish.action is Action.REDUCE and wish.leader_fraction > 0:
        quantity *= 1 - wish.target_fraction / wish.leader_fraction
    return _sell(quantity, wish.price, filters)


def _sell(quantity: Decimal, price: Decimal, filters: Filters) -> Leg | Denial:
    """Sell at most so much; what is too little to sell is dust and stays."""
    rounded = round_down(min(quantity, filters.max_quantity), filters.step_size)
    if rounded <= 0 or rounded < filters.min_quantity:
        return Denial(f"DUST: held={plain(quantity)} needed={plain(filters.min_quantity)}")
    if rounded * price < filters.min_notional:
        worth = plain(rounded * price)
        return Denial(f"DUST: worth={worth} needed={plain(filters.min_notional)}")
    return Leg(Side.SELL, rounded)


def round_down(quantity: Decimal, step: Decimal) -> Decimal:
    """Round down to a whole number of steps; a step of 0 leaves the quantity as it is."""
    if step <= 0:
        return quantity
    return (quantity / step).to_integral_value(rounding=ROUND_DOWN) * step


def plain(amount: Decimal) -> str:
    """Write an amount for a reason: at most eight places, no trailing zeros, no exponent."""
    text = f"{amount.quantize(Decimal('1e-8'), rounding=ROUND_DOWN):f}"
    return text.rstrip("0").rstrip(".")
