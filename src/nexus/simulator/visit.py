"""How is one Binance request let in, run and refused, over HTTP or over a WebSocket?

Weighed first, then identified, then checked, then run: each step may end it with an ApiError.
"""

from collections.abc import Callable
from dataclasses import dataclass

from nexus.simulator.call import Call
from nexus.simulator.connection import Connection
from nexus.simulator.endpoints import Endpoint
from nexus.simulator.errors import ApiError
from nexus.simulator.exchange import Exchange
from nexus.simulator.keys import ApiKey
from nexus.simulator.params import Params
from nexus.simulator.serve_orders import write_refusal
from nexus.simulator.sign import check_right, check_signature, check_time, find_key

SAPI_PREFIX = "/sapi/"


@dataclass(frozen=True, slots=True)
class Claim:
    """Who says they ask: `payload` is what they signed, None where a logged-on session vouches."""

    key: str | None
    payload: str | None


class Visit:
    """One request on its way through; `call.headers` hold what the answer carries besides."""

    def __init__(
        self,
        exchange: Exchange,
        endpoint: Endpoint,
        name: str,
        address: str,
        connection: Connection | None = None,
    ) -> None:
        self.exchange = exchange
        self.endpoint = endpoint
        self.name = name
        self.address = address
        self.sapi = SAPI_PREFIX in name
        self.now = exchange.now()
        self.call = Call(exchange, Params(""), self.now, connection=connection)

    def run(self, read: Callable[[], Params], claim: Claim) -> object:
        """Return what the endpoint answers; `read` gives the parameters or refuses them."""
        self.exchange.requests[self.name] += 1
        try:
            return self._run(read, claim)
        except ApiError as refused:
            self._note_refusal(refused)
            raise

    def used_weight(self, *, sapi: bool = False) -> int:
        return self.exchange.governor.used(self.address, sapi=sapi, now=self.now)

    def _run(self, read: Callable[[], Params], claim: Claim) -> object:
        governor = self.exchange.governor
        problem: ApiError | None = None
        try:
            self.call.params = read()
            weight = self._weight()
        except ApiError as refused:
            problem, weight = refused, 1
        governor.admit(self.address, sapi=self.sapi, weight=weight, now=self.now)
        if not self.endpoint.is_order:
            governor.charge(self.address, sapi=self.sapi, weight=weight, now=self.now)
        if problem is not None:
            raise problem
        if self.endpoint.signed:
            self._identify(claim)
        self.call.params.refuse_unknown(self.endpoint.params)
        return self.endpoint.answer(self.call)

    def _identify(self, claim: Claim) -> None:
        api_key = find_key(claim.key, self.exchange.keys, self.address)
        self._know(api_key)
        check_right(api_key, self.endpoint.right, self.now)
        if claim.payload is None:
            self.call.params.required("timestamp")
        else:
            check_signature(api_key, claim.payload, self.call.params)
        check_time(self.call.params, self.now + self.exchange.skew)

    def _know(self, api_key: ApiKey) -> None:
        self.call.api_key = api_key
        self.call.signer = self.exchange.by_uid[api_key.uid]

    def _weight(self) -> int:
        weight = self.endpoint.weight
        return weight if isinstance(weight, int) else weight(self.call.params)

    def _note_refusal(self, refused: ApiError) -> None:
        if refused.bans_until is not None:
            self.exchange.record.note(
                "banned", self.now, address=self.address, until=refused.bans_until
            )
        self.exchange.totals[f"answered_{refused.status}"] += 1
        if not self.endpoint.is_order:
            return
        # A refused order weighs one; a request that never got in weighs nothing.
        if refused.code != -1003:  # noqa: PLR2004 - Binance's number for too many requests
            self.exchange.governor.charge(self.address, sapi=self.sapi, weight=1, now=self.now)
        write_refusal(self.call, self.name, refused)
