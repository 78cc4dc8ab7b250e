"""Who reacts to what? The list that web and worker hand to their database."""

from collections.abc import Mapping, Sequence

from nexus.accounts.events import SessionsEnded
from nexus.bots.events import BotChanged, BotsStopped
from nexus.core.db import Reaction
from nexus.core.redis import Channel
from nexus.exchanges.events import AccountNews
from nexus.execution.events import OrderMoved
from nexus.fanout.events import PlanRefused
from nexus.feed.publish import Publisher
from nexus.feed.write import FeedWriter
from nexus.notices.blocked import tell_of_blocks
from nexus.regime.events import Decided, MarketSeen


def open_reactions(channel: Channel) -> Mapping[type, Sequence[Reaction]]:
    """Build the reactions that keep the feed and the live pages true."""
    publisher = Publisher(channel)
    writer = FeedWriter(publisher)
    return {
        OrderMoved: [writer.orders_moved],
        PlanRefused: [writer.plans_refused],
        AccountNews: [writer.account_news],
        BotChanged: [publisher.bots_changed],
        BotsStopped: [writer.bots_stopped],
        MarketSeen: [publisher.market_seen],
        Decided: [publisher.decided, tell_of_blocks],
        SessionsEnded: [publisher.sessions_ended],
    }
