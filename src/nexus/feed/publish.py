"""Tell the web processes that something happened: one channel, facts and no pages."""

from collections.abc import Sequence
from typing import Any, Final

from nexus.accounts.events import SessionsEnded
from nexus.bots.events import BotChanged
from nexus.core.db import Transaction
from nexus.core.redis import Channel
from nexus.regime.events import Decided, MarketSeen

CHANNEL: Final = "nexus:live"


class Publisher:
    """Publishes after the commit, and only then."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    async def private(self, items: Sequence[dict[str, Any]]) -> None:
        """Publish lines of people's feeds, with all that is needed to draw them."""
        await self.channel.publish({"kind": "items", "items": list(items)})

    async def market_seen(self, tx: Transaction, _facts: Sequence[MarketSeen]) -> None:
        """Publish that there is a new look at the market."""
        tx.after_commit(lambda: self.channel.publish({"kind": "market"}))

    async def decided(self, tx: Transaction, facts: Sequence[Decided]) -> None:
        """Publish which decisions were made."""
        ids = [fact.decision_id for fact in facts]
        tx.after_commit(lambda: self.channel.publish({"kind": "decisions", "ids": ids}))

    async def bots_changed(self, tx: Transaction, facts: Sequence[BotChanged]) -> None:
        """Publish whose bots look different now."""
        people = sorted({fact.user_id for fact in facts})
        tx.after_commit(lambda: self.channel.publish({"kind": "bots", "people": people}))

    async def sessions_ended(self, tx: Transaction, facts: Sequence[SessionsEnded]) -> None:
        """Publish in which browsers nobody is signed in any more."""
        ids = sorted({number for fact in facts for number in fact.session_ids})
        tx.after_commit(lambda: self.channel.publish({"kind": "sessions", "ids": ids}))
