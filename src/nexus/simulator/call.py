"""What does a handler get to answer one request with?"""

from dataclasses import dataclass, field

from nexus.simulator.accounts import Account
from nexus.simulator.exchange import Exchange
from nexus.simulator.params import Params


@dataclass(slots=True)
class Call:
    """One request, read and let in. `headers` are added to the answer."""

    exchange: Exchange
    params: Params
    now: int
    signer: Account | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def account(self) -> Account:
        """The signer; only signed endpoints may ask."""
        if self.signer is None:
            message = "this endpoint is not signed"
            raise LookupError(message)
        return self.signer
