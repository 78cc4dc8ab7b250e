"""The job of notices: hand over what is owed."""

from typing import Any

from nexus.core.queue import job
from nexus.core.rounds import a_round
from nexus.notices import send
from nexus.notices.send import PushDesk


@job(timeout=55)
async def send_notes(ctx: dict[str, Any]) -> None:
    """Send every notice that is owed, where a key for it is configured."""
    desk: PushDesk | None = ctx["push_desk"]
    if desk is not None:
        async with a_round("send_notes"):
            await send.send_notes(desk)
