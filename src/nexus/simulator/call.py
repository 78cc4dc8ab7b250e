"""What does a handler get to answer one request with?"""

from collections.abc import Callable
from dataclasses import dataclass, field

from nexus.simulator.accounts import Account
from nexus.simulator.connection import Connection
from nexus.simulator.exchange import Exchange
from nexus.simulator.keys import ApiKey
from nexus.simulator.params import Params


@dataclass(slots=True)
class Call:
    """One request, read and let in. `headers` are added to the answer."""

    exchange: Exchange
    params: Params
    now: int
    signer: Account | None = None
    api_key: ApiKey | None = None
    # The WebSocket it came over; None over plain HTTP.
    connection: Connection | None = None
    headers: dict[str, str] = field(default_factory=dict)
    # What is done once the answer is on its way.
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    @property
    def account(self) -> Account:
        """The signer; only signed endpoints may ask."""
        if self.signer is None:
            message = "this endpoint is not signed"
            raise LookupError(message)
        return self.signer

    @property
    def key(self) -> ApiKey:
        """The key it was signed with; only signed endpoints may ask."""
        if self.api_key is None:
            message = "this endpoint is not signed"
            raise LookupError(message)
        return self.api_key

    @property
    def socket(self) -> Connection:
        """The WebSocket it came over; only its own methods may ask."""
        if self.connection is None:
            message = "this request did not come over a WebSocket"
            raise LookupError(message)
        return self.connection
