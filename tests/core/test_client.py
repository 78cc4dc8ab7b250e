"""Whose word on where a request comes from is taken?"""

from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any, cast

import pytest
from litestar import Request

from nexus.core.assets import load_assets
from nexus.core.client import client_network
from nexus.core.site import Site

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def request(peer: str | None, *forwarded: str) -> Request[Any, Any, Any]:
    site = Site(
        base_url="http://x", assets=load_assets("auto"), secret=b"", trusted_proxies=PROXIES
    )
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "app": None,
        "litestar_app": SimpleNamespace(state=SimpleNamespace(site=site)),
        "client": (peer, 4711) if peer is not None else None,
        "headers": [(b"x-forwarded-for", value.encode()) for value in forwarded],
        "state": {},
    }
    return Request(cast("Any", scope))


@pytest.mark.parametrize(
    ("peer", "forwarded", "network"),
    [
        # Nobody in between: what the header says is the stranger's own claim.
        ("192.0.2.7", (), "192.0.2.7"),
        ("192.0.2.7", ("198.51.100.9",), "192.0.2.7"),
        # One proxy, then two: each is believed about the address it saw.
        ("10.0.0.1", ("192.0.2.7",), "192.0.2.7"),
        ("10.0.0.1", ("192.0.2.7, 10.0.0.2",), "192.0.2.7"),
        ("10.0.0.1", ("192.0.2.7", "10.0.0.2"), "192.0.2.7"),
        # A claim before what the proxy wrote is not believed.
        ("10.0.0.1", ("127.0.0.1, 192.0.2.7",), "192.0.2.7"),
        ("10.0.0.1", ("127.0.0.1", "192.0.2.7"), "192.0.2.7"),
        # The proxy itself asks: a health check.
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        # One IPv6 customer has a whole /64.
        ("2001:db8:1:2:3:4:5:6", (), "2001:db8:1:2::/64"),
        ("fd00::1", ("2001:db8:1:2::9",), "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", (), "192.0.2.7"),
        # Unreadable is one network for all, never a way around the count.
        ("10.0.0.1", ("evil",), "unknown"),
        ("10.0.0.1", ("192.0.2.7:1234",), "unknown"),
        ("", (), "unknown"),
        (None, ("192.0.2.7",), "unknown"),
    ],
)
def test_the_network_a_request_counts_as(
    peer: str | None, forwarded: tuple[str, ...], network: str
) -> None:
    assert client_network(request(peer, *forwarded)) == network
