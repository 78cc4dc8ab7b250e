"""Which place is this served from? What every page and guard knows about it, decided at start."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from nexus.core.assets import Assets

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Site:
    """One installation's address and what belongs to it; `app.state.site`."""

    base_url: str
    """Without a trailing slash. Links use it, never the Host header."""
    assets: Assets
    secret: bytes = field(repr=False)
    """Signs what we hand out and want back unchanged."""
    demo: bool = False
    """Whether every page says that the money is pretended."""
    trusted_proxies: tuple[Network, ...] = ()
    """Whose word on the client's address we take."""

    @property
    def https(self) -> bool:
        return self.base_url.startswith("https://")

    def cookie_name(self, name: str) -> str:
        """Give the cookie's full name.

        `__Host-` makes browsers refuse it from a subdomain or without https, so nobody can plant
        one. It cannot be had on plain http, which only development uses.
        """
        return f"__Host-nexus-{name}" if self.https else f"nexus-{name}"

    def cookie(self, name: str, value: str, *, max_age: int | None = None) -> Cookie:
        """Make a cookie that scripts cannot read and other sites' forms do not carry."""
        return Cookie(
            key=self.cookie_name(name),
            value=value,
            max_age=max_age,
            path="/",
            httponly=True,
            secure=self.https,
            samesite="lax",
        )

    def without_cookie(self, name: str) -> Cookie:
        """Tell the browser to forget a cookie."""
        return self.cookie(name, "", max_age=0)


Connection = ASGIConnection[Any, Any, Any, Any]


def site_of(connection: Connection) -> Site:
    """Find the site that a request came to."""
    site: Site = connection.app.state.site
    return site
