"""May this order still go? Asked once more right before it is signed, when it had to wait.

Orders are claimed in batches and take turns: between its claim and its turn a stop may have been
committed. So each turn looks again, at most `LOOK_SECONDS` ago; one look serves the whole batch.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from nexus.exchanges.protocol import Intent, NotPlaced

Look = Callable[[Sequence[Intent]], Awaitable[Mapping[int, str]]]
"""Says of some orders which may not go any more: the reason by the order's id."""
LOOK_SECONDS = 0.1
AGAIN_SECONDS = 10
OURS = 0


async def nothing_forbids(_intents: Sequence[Intent]) -> Mapping[int, str]:
    """Forbid nothing: where orders come from no ledger."""
    return {}


class LastLook:
    """The last look of one batch."""

    def __init__(self, look: Look, intents: Sequence[Intent]) -> None:
        self.look = look
        # A stop that is to rest at the exchange is no order of the ledger yet.
        self.intents = [intent for intent in intents if intent.stop_price is None]
        self.forbidden: Mapping[int, str] = {}
        self.fresh_until = 0.0
        self.looking = asyncio.Lock()

    async def refusal(self, intent: Intent) -> NotPlaced | None:
        """Say why an order may not go any more; None while it may."""
        if intent.stop_price is not None:
            return None
        clock = asyncio.get_running_loop().time
        async with self.looking:
            if clock() >= self.fresh_until:
                # Counted from before the question: what is committed meanwhile, the next one sees.
                fresh_until = clock() + LOOK_SECONDS
                try:
                    self.forbidden = await self.look(self.intents)
                except Exception as error:  # noqa: BLE001  whatever it was, nothing is placed
                    why = f"whether it may still go cannot be read: {type(error).__name__}"
                    return NotPlaced(OURS, why, AGAIN_SECONDS)
                self.fresh_until = fresh_until
        reason = self.forbidden.get(intent.order_id)
        return None if reason is None else NotPlaced(OURS, reason, final=True)
