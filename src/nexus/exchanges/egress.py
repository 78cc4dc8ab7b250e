"""By which addresses do we leave? Named ways out, because exchange keys are locked to fixed IPs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nexus.settings import ExchangeSettings

DEFAULT = "default"
"""The egress of whoever is pinned to no other; it leaves directly unless it is given a proxy."""


@dataclass(frozen=True, slots=True)
class Egress:
    """One way out: a proxy, or none, and the fixed addresses that exchanges see."""

    name: str
    proxy: str | None = field(default=None, repr=False)
    addresses: tuple[str, ...] = ()
    """What people allow at the exchange; empty when the operator has not said."""


def read_egresses(settings: ExchangeSettings) -> Mapping[str, Egress]:
    """Give every egress by name; `default` is always there."""
    proxies = {DEFAULT: None} | {
        name: proxy.get_secret_value() for name, proxy in settings.egresses.items()
    }
    told = settings.egress_addresses
    return {
        name: Egress(name, proxy, tuple(told.get(name, "").split()))
        for name, proxy in proxies.items()
    }
