"""Write and sign requests. The only file that speaks CCXT.

What CCXT makes of the answers is not used: its classes hide whether an order was placed, and its
numbers are floats (docs/decisions/0006).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import ccxt  # type: ignore[import-untyped]

from nexus.exchanges.unlock import LockedKey
from nexus.exchanges.vault import KeyPair
from nexus.exchanges.wire import Endpoint, Request


class CcxtRequests:
    """Writes and signs requests with one CCXT object, whose keys are lent to it per signature."""

    def __init__(self, venue: Any) -> None:
        self._ccxt = venue

    def build(
        self, endpoint: Endpoint, params: Mapping[str, Any], key: LockedKey | None
    ) -> Request:
        """Write the request, signed when there is a key. Raises KeyLockedError.

        Nothing is awaited between lending the key and taking it back, so no other order can
        be signed with it.
        """
        if key is not None:
            self._lend(key.open())
        try:
            signed = self._ccxt.sign(
                endpoint.path, [endpoint.section], endpoint.method, dict(params)
            )
        finally:
            self._ccxt.apiKey = self._ccxt.secret = self._ccxt.password = ""
        return Request(signed["method"], signed["url"], signed["headers"] or {}, signed["body"])

    def _lend(self, pair: KeyPair) -> None:
        self._ccxt.apiKey, self._ccxt.secret = pair.key, pair.secret


class BinanceRequests(CcxtRequests):
    """Binance's dialect; the secret may be HMAC's text or the PEM of an Ed25519 or RSA key."""

    def __init__(self, base_url: str) -> None:
        venue = ccxt.binance({"enableRateLimit": False})
        venue.urls["api"] = {
            "public": f"{base_url}/api/v3",
            "private": f"{base_url}/api/v3",
            "sapi": f"{base_url}/sapi/v1",
        }
        super().__init__(venue)


class OkxRequests(CcxtRequests):
    """OKX's dialect. Its keys have a third part, which is kept behind the secret and a colon.

    `stamp` and `expires` among the parameters are the exchange's time in ms: they are no
    parameters but headers, and CCXT would take the first from the machine's clock.
    """

    def __init__(self, base_url: str) -> None:
        venue = ccxt.okx({"enableRateLimit": False})
        venue.urls["api"] = {"rest": base_url}
        super().__init__(venue)

    def build(
        self, endpoint: Endpoint, params: Mapping[str, Any], key: LockedKey | None
    ) -> Request:
        """Write the request, signed when there is a key. Raises KeyLockedError."""
        ours = dict(params)
        stamp, expires = ours.pop("stamp", None), ours.pop("expires", None)
        self._ccxt.nonce = lambda: stamp
        request = super().build(endpoint, ours, key)
        if expires is None:
            return request
        return replace(request, headers={**request.headers, "expTime": str(expires)})

    def _lend(self, pair: KeyPair) -> None:
        secret, _, passphrase = pair.secret.partition(":")
        self._ccxt.apiKey, self._ccxt.secret = pair.key, secret
        self._ccxt.password = passphrase
