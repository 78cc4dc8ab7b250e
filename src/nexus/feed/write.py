"""Turn what happened into lines of people's feeds, in the transaction in which it happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from secrets import randbelow
from typing import Any

from nexus.bots.events import BotsStopped
from nexus.core.clock import to_ms
from nexus.core.db import Transaction, insert_rows
from nexus.core.sentence import packed
from nexus.exchanges.events import AccountNews
from nexus.execution.events import OrderMoved
from nexus.fanout.events import PlanRefused
from nexus.feed.models import FeedItem
from nexus.feed.publish import Publisher
from nexus.feed.words import order_amount, order_words, refusal_words, stop_words
from nexus.notices.owe import Notice, owe_notices

IDS_A_MILLISECOND = 1_000_000
TRADE, TROUBLE = "trade", "trouble"
EVENTS_OF = {"bought": TRADE, "sold": TRADE, "failed": TROUBLE, "denied": TROUBLE}
"""Which of the notices' events a line's kind is; an order that is not confirmed yet is none."""
LIMITS = ("day_loss", "drawdown")


@dataclass(frozen=True, slots=True)
class FeedWriter:
    """The reactions that write the feed."""

    publisher: Publisher

    async def orders_moved(self, tx: Transaction, facts: Sequence[OrderMoved]) -> None:
        """Write what orders did."""
        items = []
        for fact in facts:
            words = order_words(fact)
            if words is not None:
                amount = order_amount(fact)
                items.append(_item(fact, words, None if amount is None else str(amount)))
        await self._write(tx, items)
        await _tell(tx, items)

    async def plans_refused(self, tx: Transaction, facts: Sequence[PlanRefused]) -> None:
        """Write which plans will not become orders, and why."""
        items = [_item(fact, refusal_words(fact), None) for fact in facts]
        await self._write(tx, items)
        await _tell(tx, items)

    async def account_news(self, tx: Transaction, facts: Sequence[AccountNews]) -> None:
        """Write what became of exchange accounts and their keys."""
        items = [_account_item(fact) for fact in facts]
        await self._write(tx, items)
        await _tell(tx, items, TROUBLE)

    async def bots_stopped(self, tx: Transaction, facts: Sequence[BotsStopped]) -> None:
        """Write that somebody has stopped everything, and what they meant by it."""
        await self._write(tx, [_stop_item(fact) for fact in facts])
        # Who stops their bots themselves knows it.
        await _tell(tx, [_stop_item(fact) for fact in facts if fact.meaning in LIMITS], TROUBLE)

    async def _write(self, tx: Transaction, items: list[dict[str, Any]]) -> None:
        if not items:
            return
        statement, columns = insert_rows(FeedItem, items)
        await tx.execute(statement.on_conflict_do_nothing(), columns)
        tx.after_commit(lambda: self.publisher.private(items))


async def _tell(tx: Transaction, items: list[dict[str, Any]], event: str = "") -> None:
    """Owe what is worth telling, as `event` or as what the line is, to whoever wants to know."""
    notices = [
        Notice(item["user_id"], told, item["facts"]["title"], item["facts"]["detail"])
        for item in items
        if (told := event or EVENTS_OF.get(item["facts"]["kind"]))
    ]
    await owe_notices(tx, notices)


def _item(
    fact: OrderMoved | PlanRefused, words: tuple[str, str, str], amount: str | None
) -> dict[str, Any]:
    kind, title, detail = words
    return {
        "id": _next_id(to_ms(fact.at)),
        "user_id": fact.user_id,
        "at": fact.at,
        "facts": {
            "kind": kind,
            "symbol": fact.symbol,
            "title": str(title),
            "detail": str(detail),
            "said": {"title": packed(title), "detail": packed(detail)},
            "amount": amount,
            "currency": fact.symbol.partition("/")[2],
        },
    }


def _account_item(fact: AccountNews) -> dict[str, Any]:
    return {
        "id": _next_id(to_ms(fact.at)),
        "user_id": fact.user_id,
        "at": fact.at,
        "facts": {
            "kind": "notice" if fact.good else "failed",
            "symbol": "",
            "title": fact.title,
            "detail": fact.detail,
            "amount": None,
            "currency": "",
        },
    }


def _stop_item(fact: BotsStopped) -> dict[str, Any]:
    title, detail = stop_words(fact)
    return {
        "id": _next_id(to_ms(fact.at)),
        "user_id": fact.user_id,
        "at": fact.at,
        "facts": {
            "kind": "notice",
            "symbol": "",
            "title": title,
            "detail": detail,
            "amount": None,
            "currency": "",
        },
    }


def _next_id(milliseconds: int) -> int:
    """Give an id that grows with time and that no two workers give out.

    Should two ever be the same, one line of a feed is lost and nothing else.
    """
    return first_id_at(milliseconds) + randbelow(IDS_A_MILLISECOND)


def first_id_at(milliseconds: int) -> int:
    """Give the smallest id that a line of this moment can have: ids are in the order of time."""
    return milliseconds * IDS_A_MILLISECOND
