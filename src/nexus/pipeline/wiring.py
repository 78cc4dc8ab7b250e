"""What does the pipeline react to? A wish to close is taken up at once, not at the next sweep."""

from collections.abc import Sequence

from nexus.bots.events import CloseRequested
from nexus.core.db import Reaction, Transaction
from nexus.core.queue import Doorbell
from nexus.pipeline.jobs import sweep


def ring_for_closes(doorbell: Doorbell) -> Reaction:
    """Build the reaction that rings for a sweep when somebody wants to close a bot."""

    async def ring(tx: Transaction, _facts: Sequence[CloseRequested]) -> None:
        doorbell.after(tx, sweep.later())

    return ring
