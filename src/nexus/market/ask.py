"""Which source is asked? The first that is not resting; the next one when it fails.

The number of calls is bounded by what one look may cost, whatever is away.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

from nexus.exchanges.market_data import MarketSource
from nexus.exchanges.protocol import ExchangeAwayError
from nexus.market.breaker import Breaker
from nexus.market.look import Look

log = structlog.get_logger()
T = TypeVar("T")
Question = Callable[[MarketSource], Awaitable[T]]


class Sources:
    """The sources in order of trust, each with a breaker per kind of question."""

    def __init__(self, sources: Sequence[MarketSource], budget: int) -> None:
        self.sources = sources
        self.budget = budget
        self._breakers: defaultdict[tuple[str, str], Breaker] = defaultdict(Breaker)

    async def ask(
        self, look: Look, endpoint: str, question: Question[T], *, besides: str = ""
    ) -> tuple[T, str] | None:
        """Ask the first source that answers, `besides` one; gives the answer and whose it is.

        None when all are away, or when this look may cost no more: the data grows stale.
        """
        for source in self._askable(look, endpoint, besides):
            if look.calls.total() >= self.budget:
                return None  # What is left is asked at the next tick.
            look.calls[source.name, endpoint] += 1
            breaker = self._breakers[source.name, endpoint]
            try:
                answer = await question(source)
            except ExchangeAwayError as error:
                look.failed.add((source.name, endpoint))
                if breaker.failed(look.at):
                    log.warning(
                        "market_source_rests",
                        source=source.name, endpoint=endpoint, error=str(error),
                    )  # fmt: skip
                continue
            if breaker.answered():
                log.info("market_source_back", source=source.name, endpoint=endpoint)
            return answer, source.name
        return None

    def resting(self) -> list[tuple[str, str]]:
        """List the sources that are away, by name and kind of question."""
        return [key for key, one in self._breakers.items() if one.rests_until is not None]

    def _askable(self, look: Look, endpoint: str, besides: str) -> list[MarketSource]:
        """List who may be asked. When all rest, one is probed in each look: never stay blind."""
        others = [source for source in self.sources if source.name != besides]
        rested = [s for s in others if self._breakers[s.name, endpoint].may_ask(look.at)]
        untried = [s for s in others if (s.name, endpoint) not in look.failed]
        if besides or len(untried) < len(others) or rested:
            return rested
        return sorted(
            untried, key=lambda s: self._breakers[s.name, endpoint].rests_until or look.at
        )[:1]
