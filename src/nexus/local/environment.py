"""Which environment do the processes of one machine run in?

What the person set is never changed; what is missing comes from this run (addresses), from the
folder (secrets) and from the demo (lively numbers).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from nexus.local.address import Address


@dataclass(frozen=True)
class Addresses:
    """Where everything of this run answers."""

    web: Address
    database_url: str
    redis_url: str
    simulator_url: str


def complete_environment(
    given: Mapping[str, str],
    addresses: Addresses,
    secrets: Mapping[str, str],
    demo_settings: Mapping[str, str],
) -> dict[str, str]:
    """Give the whole environment; an empty variable counts as not set, as in `Settings`."""
    fixed = {
        "DATABASE_URL": addresses.database_url,
        "REDIS_URL": addresses.redis_url,
        "HOST": addresses.web.host,
        "PORT": str(addresses.web.port),
    }
    fallbacks = {
        **demo_settings,
        **secrets,
        "BASE_URL": addresses.web.url,
        "EXCHANGE_URL": addresses.simulator_url,
        "MARKET_URL": addresses.simulator_url,
    }
    set_by_person = {name: value for name, value in given.items() if value}
    return {**fallbacks, **set_by_person, **fixed}
