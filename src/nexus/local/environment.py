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


def unset(given: Mapping[str, str], fallbacks: Mapping[str, str]) -> dict[str, str]:
    """Give those fallbacks that the person has not set; empty counts as not set."""
    return {name: text for name, text in fallbacks.items() if not given.get(name)}


WORKERS_ONLY = ("KEY_ENCRYPTION_KEY", "KEY_ENCRYPTION_KEYS_OLD", "KEY_ENCRYPTION_KEY_FILE")
"""What opens exchange keys: the pages never need it."""


def environment_of(name: str, complete: Mapping[str, str], *, own_database: bool) -> dict[str, str]:
    """Give what one process needs: on our own database the pages and workers get their own roles.

    On a database that was given, the roles are the operator's to make (docs/runbooks/keys.md).
    """
    environment = dict(complete)
    if name != "worker":
        environment = {key: text for key, text in complete.items() if key not in WORKERS_ONLY}
    if own_database and name in ("web", "worker"):
        url = complete["DATABASE_URL"]
        environment["DATABASE_URL"] = url.replace("//nexus@", f"//nexus_{name}@", 1)
    return environment
