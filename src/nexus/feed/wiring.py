"""Who reacts to what? The list that web and worker hand to their database."""

from collections.abc import Mapping, Sequence

from redis.asyncio import Redis

from nexus.bots.events import BotChanged
from nexus.core.db import Reaction
from nexus.execution.events import OrderMoved, PlanRefused
from nexus.feed.publish import Publisher
from nexus.feed.write import FeedWriter
from nexus.regime.events import Decided, MarketSeen


def open_reactions(redis: Redis) -> Mapping[type, Sequence[Reaction]]:
    """Build the reactions that keep the feed and the live pages true."""
    publisher = Publisher(redis)
    writer = FeedWriter(publisher)
    return {
        OrderMoved: [writer.orders_moved],
        PlanRefused: [writer.plans_refused],
        BotChanged: [publisher.bots_changed],
        MarketSeen: [publisher.market_seen],
        Decided: [publisher.decided],
    }
