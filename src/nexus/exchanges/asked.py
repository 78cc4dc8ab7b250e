"""Which requests on a connection still wait for their answer, and whom was each about?"""

import asyncio

from nexus.exchanges.protocol import Account, ExchangeAwayError


class Asked:
    """The requests of one connection. One about nobody's account is about the connection."""

    def __init__(self) -> None:
        self._waiting: dict[str, Account | None] = {}
        self._names = 0
        self._none_waits = asyncio.Event()
        self._none_waits.set()

    def name(self, account: Account | None) -> str:
        """Name a request before it is sent: its answer may be there at once."""
        self._names += 1
        name = f"n{self._names}"
        self._waiting[name] = account
        self._none_waits.clear()
        return name

    def answered(self, name: object) -> Account | None:
        """Note that a request was answered, or never sent. Raises ExchangeAwayError.

        An answer to nothing we asked is how a venue refuses a request that it could not read.
        """
        if name not in self._waiting:
            raise ExchangeAwayError("The exchange answered what was not asked.")
        account = self._waiting.pop(str(name))
        if not self._waiting:
            self._none_waits.set()
        return account

    async def all_answered(self, seconds: float) -> None:
        """Wait until nothing waits. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            await self._none_waits.wait()
