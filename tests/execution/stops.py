"""What does a test of resting stops play with? A leader with a stop, and a bot in its trade."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import update

from nexus.bots.models import RestingStop
from nexus.exchanges.protocol import Intent, Report, VenueStatus
from nexus.execution.verify import Tally, verify_ledger
from nexus.strategy.models import LeaderBookRow
from tests.scenes import Scene
from tests.scripted import PRICE, ScriptedExchange

STOP = PRICE * Decimal("0.95")


@dataclass
class Stops:
    """A scene in which stops rest."""

    scene: Scene

    @property
    def exchange(self) -> ScriptedExchange:
        return self.scene.exchange

    async def lead_with(self, stop: Decimal | None) -> None:
        """Let the leader's trade have this stop."""
        async with self.scene.database.transaction() as tx:
            await tx.execute(update(LeaderBookRow).values(stop_price=stop))

    async def follower(self, stop: Decimal | None = STOP) -> int:
        """Start a bot, follow the leader into a trade with a stop, and sweep."""
        bot_id = await self.scene.follower()
        await self.lead_with(stop)
        await self.scene.sweep()
        return bot_id

    async def rows(self) -> Sequence[RestingStop]:
        return await self.scene.rows(RestingStop)

    async def states(self) -> list[str]:
        return [row.status for row in await self.rows()]

    async def the_stop(self) -> RestingStop:
        return (await self.rows())[-1]

    def sent(self) -> list[Intent]:
        """Give the stops that the exchange was sent."""
        return [intent for intent in self.exchange.received if intent.stop_price is not None]

    def sold(self) -> Decimal:
        """Add up what the exchange sold, in whatever way."""
        sides = {one.client_order_id: one.side for one in self.exchange.received}
        return sum(
            (r.executed_quantity for n, r in self.exchange.journal.items() if sides[n] == "sell"),
            Decimal(0),
        )

    def open_stops(self) -> list[Report]:
        """Give the orders that are open at the exchange."""
        return [r for r in self.exchange.journal.values() if r.status is VenueStatus.NEW]

    def trigger(self, share: str = "1") -> None:
        """Let the price come to the stop that rests."""
        [report] = self.open_stops()
        over = VenueStatus.FILLED if share == "1" else VenueStatus.EXPIRED
        self.exchange.moves_on(report.client_order_id, over, share)

    async def comes_due(self) -> None:
        """Let an hour pass, so that the stop that rests is asked about."""
        self.scene.passes(hours=1)
        await self.scene.market()
        await self.scene.sweep()

    async def faults(self) -> list[str]:
        """Give what `nexus ledger verify` finds."""
        async with self.scene.database.transaction() as tx:
            return [sentence async for sentence in verify_ledger(tx, Tally())]
