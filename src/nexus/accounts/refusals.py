"""Who was refused at the door? Written down shortly after, so that the answer's time tells nothing.

Only people who exist have an entry in the audit. Were it written before the answer, a refusal
would take longer for an address that is somebody's. A process that dies loses a second of these.
"""

import asyncio
from collections import Counter
from typing import Final

import structlog

from nexus.accounts.audit import write_audit
from nexus.core.db import Database

log = structlog.get_logger()

EVERY_SECONDS: Final = 1.0
MOST_WAITING: Final = 10_000
"""More than throttling lets through in a second by far; what is above is only logged."""


class Refusals:
    """One process's refused sign-ins that wait to be written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: Counter[tuple[int | None, str]] = Counter()

    def note(self, user_id: int | None, network: str) -> None:
        """Remember a refusal; nobody's are noted too, or the two would differ."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting[user_id, network] += 1

    async def write(self) -> None:
        """Write what waits: one entry per person and network, with the number of tries."""
        waiting, self._waiting = self._waiting, Counter()
        known = [(who, where, tries) for (who, where), tries in waiting.items() if who is not None]
        if not known:
            return
        try:
            async with self._database.transaction() as tx:
                for user_id, network, tries in known:
                    await write_audit(
                        tx, "sign_in_refused",
                        user_id=user_id, network=network, how="password", tries=tries,
                    )  # fmt: skip
        except BaseException:
            self._waiting.update(waiting)
            raise

    async def keep_writing(self) -> None:
        """Write for as long as the process lives; cancelled, it writes what is left."""
        try:
            while True:
                await asyncio.sleep(EVERY_SECONDS)
                await self._try()
        finally:
            await self._try()

    async def _try(self) -> None:
        try:
            await self.write()
        except Exception as error:  # noqa: BLE001  the door must not close because of its book
            log.warning("refusals_not_written", error=str(error))
