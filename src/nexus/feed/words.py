"""How do we say it to a person? Turns reason codes and order states into sentences."""

from decimal import Decimal

from nexus.bots.events import BotsStopped
from nexus.core.render import money, price, quantity
from nexus.execution.events import OrderMoved
from nexus.fanout.events import PlanRefused

NOTHING_TRADED = "NOTHING_TRADED"
"""The exchange took an order, ended it without a trade, and gave no reason of its own."""

SENTENCES = {
    "ACCOUNT_NOT_ACTIVE": "The exchange account is paused, or its key does not work. See Accounts.",
    "ACKED": "The exchange has the order. What was traded is being asked for.",
    "ALLOCATION_LIMIT": "Your limit on what all bots may invest leaves {left}.",
    "ALLOCATION_LIMIT_BELOW_MINIMUM": "Your limit on what all bots may invest leaves {free},"
    " and the least here is {needed}.",
    "ALREADY_INVESTED": "The bot had invested its share already.",
    "BALANCE_BELOW_MINIMUM": "The account had too little free: {free} of at least {needed}.",
    "BOT_CLOSING": "You had told the bot to close.",
    "BOT_PAUSED": "The bot was paused.",
    "BOT_STOPPED": "The bot was stopped.",
    "COOLDOWN": "After a loss you wanted a pause. It has not ended yet.",
    "DAILY_CAP": "The account's daily limit of {cap} would have been passed.",
    "DAY_LOSS_LIMIT": "Today's loss is {lost} and has reached your limit of {limit}.",
    "DRAWDOWN_LIMIT": "Your result is {fallen} below its highest: your limit is {limit}.",
    "DUST": "What is left is too little to be sold at this exchange.",
    "GATE_CLOSED": "The market turned before the order could be sent, so it was not sent.",
    "ILLIQUID": "Too little is traded in this symbol to buy it safely.",
    "NOT_IN_TRADE": "The bot is not in this trade. It joins at the next entry.",
    "NOT_LISTED": "This symbol is not one that may be bought here.",
    "NO_LIMITS": "No limits are set for this currency, so nothing is bought with it.",
    NOTHING_TRADED: "The exchange ended the order before any of it was traded.",
    "NOT_PLACED": "The exchange did not take the order. Nothing was traded.",
    "NO_TIER": "Your tier does not include new trades.",
    "ORDER_BELOW_MINIMUM": "The bot's share is too small: {free} of at least {needed}.",
    "ORDER_OPEN": "An earlier order of this bot was not settled yet.",
    "POSITIONS_LIMIT": "As many bots as you allow are in a trade: {open} of {limit}.",
    "REJECTED": "The exchange refused the order. Nothing was traded.",
    "RESULT_UNKNOWN": "A price was missing, so your limit on the fall could not be checked.",
    "SLIPPAGE": "The price had moved too far since the decision.",
    "STOPPED": "Trading was switched off.",
    "SYMBOL_NOT_TRADING": "The exchange does not trade this symbol at the moment.",
    "TIER_BELOW_MINIMUM": "Your tier leaves too little to invest: {free} of at least {needed}.",
    "TOO_OLD": "The order could not be sent in time, so it was dropped.",
    "TRADE_LIMIT": "The order was above your limit of {limit} per trade.",
    "TRADE_LIMIT_BELOW_MINIMUM": "Your limit per trade is below the exchange's minimum of"
    " {needed}.",
    "TRADE_OVER": "The strategy had left the trade before the order could be sent.",
    "UNKNOWN": "The exchange has not confirmed the order yet. We keep asking; nothing is resent.",
    "USER_LIMIT_BELOW_MINIMUM": "Your own limit is below the exchange's minimum of {needed}.",
    "VOLUME_UNKNOWN": "It is not known yet how much of this symbol is traded.",
}


def sentence(reason: str) -> str:
    """Say a reason (`CODE: key=value ...`) in words; an unknown code is shown as it stands."""
    code, _, rest = reason.partition(":")
    numbers = dict(part.split("=", 1) for part in rest.split() if "=" in part)
    known = SENTENCES.get(code.strip())
    if known is None:
        return reason
    try:
        return known.format(**numbers)
    except KeyError:
        return reason


def order_words(fact: OrderMoved) -> tuple[str, str, str] | None:
    """Give the kind, title and detail of an order's news; None for what is not news."""
    base, _, quote = fact.symbol.partition("/")
    if fact.average_price is not None and fact.status in ("FILLED", "CANCELED", "EXPIRED"):
        done = "Bought" if fact.side == "buy" else "Sold"
        kind = "bought" if fact.side == "buy" else "sold"
        fee = f"fee {quantity(fact.fee)} {fact.fee_asset}" if fact.fee_asset else "no fee"
        detail = f"{_purpose(fact.action)} at {price(fact.average_price)} {quote}, {fee}"
        return kind, f"{done} {quantity(fact.quantity)} {base}", detail
    if fact.status in ("REJECTED", "NOT_PLACED", "UNKNOWN", "CANCELED", "EXPIRED"):
        waiting = fact.status == "UNKNOWN"
        title = "Not confirmed yet" if waiting else "Nothing traded"
        said = sentence(fact.reason or NOTHING_TRADED)
        return "notice" if waiting else "failed", f"{fact.symbol}: {title}", said
    return None


def refusal_words(fact: PlanRefused) -> tuple[str, str, str]:
    """Give the kind, title and detail of a plan that will not be sent."""
    wanted = "buy" if fact.side == "buy" else "sell"
    return "denied", f"{fact.symbol}: no {wanted} order", sentence(fact.reason)


def stop_words(fact: BotsStopped) -> tuple[str, str]:
    """Give the title and detail of a "stop everything", by the person or by a limit of theirs."""
    bots = "1 bot" if fact.bots == 1 else f"{fact.bots} bots"
    return {
        "pause": (
            f"You paused {bots}",
            "Nothing new is bought; the strategy's exits are still followed.",
        ),
        "stop": (
            f"You stopped {bots}",
            "Nothing is bought or sold any more. What they hold is kept.",
        ),
        "close": (
            f"You are closing {bots}",
            "What they hold is sold at the market price, then they stop.",
        ),
        "day_loss": (
            f"Your limit for a day's loss is closing {bots}",
            "What they hold is sold at the market price, then they stop.",
        ),
        "drawdown": (
            f"Your limit for the fall is closing {bots}",
            "What they hold is sold at the market price, then they stop.",
        ),
    }[fact.meaning]


def order_amount(fact: OrderMoved) -> Decimal | None:
    """Give what an order turned over, in quote currency."""
    return None if fact.average_price is None else fact.quantity * fact.average_price


def yours(side: str, done: Decimal, turnover: Decimal, symbol: str) -> str:
    """Say what one decision did to the reader's bots."""
    base, _, quote = symbol.partition("/")
    word = "bought" if side == "buy" else "sold"
    return f"Your bots {word} {quantity(done)} {base} for {money(turnover, quote)}."


def _purpose(action: str) -> str:
    return {
        "enter": "Entered a trade",
        "add": "Added a layer",
        "reduce": "Reduced the trade",
        "exit": "Left the trade",
        "close": "Closed by you",
    }[action]
