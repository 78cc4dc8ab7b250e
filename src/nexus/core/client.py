"""Where does a request come from? The address we may believe, and the network it counts as."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from nexus.core.site import Connection, Network, site_of

Address = IPv4Address | IPv6Address

UNKNOWN = "unknown"
"""The one network that everybody without a readable address shares."""


def client_network(connection: Connection) -> str:
    """Name the network a request counts as: an IPv4 address, or the /64 of an IPv6 one.

    Whoever has one IPv6 address has the 2^64 around it too, so those count as one.
    """
    address = client_address(connection)
    if address is None:
        return UNKNOWN
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else str(address)  # noqa: PLR2004  IPv6


def client_address(connection: Connection) -> Address | None:
    """Find the address of whoever asked; None when nobody trustworthy said it readably.

    Each proxy appends the address it saw to `X-Forwarded-For`, so the header is read from its
    end, and only as far as trusted proxies wrote it: everything before that is anybody's claim.
    """
    trusted = site_of(connection).trusted_proxies
    address = _parse(connection.client.host if connection.client else "")
    claims = ",".join(connection.headers.getall("x-forwarded-for", [])).split(",")
    while claims and _is_trusted(address, trusted):
        claim = claims.pop().strip()
        if not claim:
            break
        address = _parse(claim)
    return address


def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: Address | None, trusted: tuple[Network, ...]) -> bool:
    return address is not None and any(address in network for network in trusted)
