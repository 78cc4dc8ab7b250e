"""How do we say it to a person? Turns reason codes and order states into sentences."""

from decimal import Decimal

from nexus.bots.events import BotsStopped
from nexus.bots.reasons import NOTHING_TRADED, sentence
from nexus.core.sentence import Sentence
from nexus.execution.events import OrderMoved
from nexus.fanout.events import PlanRefused


def order_words(fact: OrderMoved) -> tuple[str, str, str] | None:
    """Give the kind, title and detail of an order's news; None for what is not news."""
    base, _, quote = fact.symbol.partition("/")
    if fact.average_price is not None and fact.status in ("FILLED", "CANCELED", "EXPIRED"):
        done = "Bought" if fact.side == "buy" else "Sold"
        kind = "bought" if fact.side == "buy" else "sold"
        fee = f"fee {{}} {fact.fee_asset}" if fact.fee_asset else "no fee"
        paid = [("quantity", fact.fee)] if fact.fee_asset else []
        detail = Sentence(
            f"{_purpose(fact.action)} at {{}} {quote}, {fee}",
            ("price", fact.average_price), *paid,
        )  # fmt: skip
        where = " at your stop" if fact.action == "stop" else ""
        return kind, Sentence(f"{done} {{}} {base}{where}", ("quantity", fact.quantity)), detail
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
    return _traded(f"Your bots {'bought' if side == 'buy' else 'sold'}", done, turnover, symbol)


def traded(side: str, done: Decimal, turnover: Decimal, symbol: str) -> str:
    """Say what was bought or sold, and for how much."""
    return _traded("Bought" if side == "buy" else "Sold", done, turnover, symbol)


def _traded(word: str, done: Decimal, turnover: Decimal, symbol: str) -> str:
    base, _, quote = symbol.partition("/")
    parts = ("quantity", done), ("money", turnover, quote)
    return Sentence(f"{word} {{}} {base} for {{}}.", *parts)


def _purpose(action: str) -> str:
    return {
        "enter": "Entered a trade",
        "add": "Added a layer",
        "reduce": "Reduced the trade",
        "exit": "Left the trade",
        "close": "Closed at market",
        "stop": "The exchange sold at your stop",
    }[action]
