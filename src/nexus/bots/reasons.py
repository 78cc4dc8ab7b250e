"""Why was it not done? Turns the reason codes of the ledger into sentences for people."""

NOTHING_TRADED = "NOTHING_TRADED"
"""The exchange took an order, ended it without a trade, and gave no reason of its own."""

SENTENCES = {
    "ACCOUNT_NOT_ACTIVE": "The exchange account is paused, or its key does not work. See Accounts.",
    "ACKED": "The exchange has the order. What was traded is being asked for.",
    "ALREADY_INVESTED": "The bot had invested its share already.",
    "AMOUNT_LOWERED": "The bot's amount was lowered before the order could be sent.",
    "BALANCE_BELOW_MINIMUM": "The account had too little free: {free} of at least {needed}.",
    "BOT_CLOSING": "You had told the bot to close.",
    "BOT_PAUSED": "The bot was paused.",
    "BOT_STOPPED": "The bot was stopped.",
    "DAILY_CAP": "The account's daily limit of {cap} would have been passed.",
    "DUST": "What is left is too little to be sold at this exchange.",
    "ENDED": "It was ended at the exchange, and not by us.",
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
    "REJECTED": "The exchange refused the order. Nothing was traded.",
    "SLIPPAGE": "The price had moved too far since the decision.",
    "SOLD_AT_STOP": "The exchange had sold it at your stop, so there was nothing left to sell.",
    "STOPPED": "Trading was switched off.",
    "SYMBOL_NOT_TRADING": "The exchange does not trade this symbol at the moment.",
    "TIER_BELOW_MINIMUM": "Your tier leaves too little to invest: {free} of at least {needed}.",
    "TOO_OLD": "The order could not be sent in time, so it was dropped.",
    "TRADE_OVER": "The strategy had left the trade before the order could be sent.",
    "UNKNOWN": "The exchange has not confirmed the order yet. We keep asking; nothing is resent.",
    "USER_LIMIT_BELOW_MINIMUM": "Your own limit is below the exchange's minimum of {needed}.",
    "VOLUME_UNKNOWN": "It is not known yet how much of this symbol is traded.",
    "ALLOCATION_LIMIT": "Your limit on what all bots may invest leaves {left}.",
    "ALLOCATION_LIMIT_BELOW_MINIMUM": "Your limit on what all bots may invest leaves {free},"
    " and the least here is {needed}.",
    "COOLDOWN": "After a loss you wanted a pause. It has not ended yet.",
    "DAY_LOSS_LIMIT": "Today's loss is {lost} and has reached your limit of {limit}.",
    "DRAWDOWN_LIMIT": "Your result is {fallen} below its highest: your limit is {limit}.",
    "POSITIONS_LIMIT": "As many bots as you allow are in a trade: {open} of {limit}.",
    "RESULT_UNKNOWN": "A price was missing, so your limit on the fall could not be checked.",
    "TRADE_LIMIT": "The order was above your limit of {limit} per trade.",
    "TRADE_LIMIT_BELOW_MINIMUM": "Your limit per trade is below the exchange's minimum of"
    " {needed}.",
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
