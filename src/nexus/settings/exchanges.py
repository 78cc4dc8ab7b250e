"""How are exchanges reached, and how much may be bought there?"""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, SecretStr, field_validator
from pydantic_settings import NoDecode

from nexus.core.environment import web_address
from nexus.settings.group import Amounts, Group, Paired, Percentage


def _address_or_none(value: str) -> str:
    return web_address(value) if value else value


class ExchangeSettings(Group):
    """How exchanges are reached, and how much may be bought there."""

    egresses: Annotated[dict[str, SecretStr], NoDecode, Paired] = {}
    """More addresses to leave by, as name=proxy URL; accounts are pinned to one, else `default`."""
    egress_addresses: Annotated[dict[str, str], NoDecode, Paired] = {}
    """The fixed IP addresses of each egress, as name=IP IP; people allow them at the exchange."""
    okx_url: Annotated[str, AfterValidator(_address_or_none)] = ""
    """Where OKX is, for example https://www.okx.com. Empty: not opened."""
    weight_exits_percent: Percentage = 20
    """The share of the request weight that is kept for exits and stops."""
    weight_alone_percent: Percentage = 25
    """The share one process may use while Redis is away; with all processes, at most 100."""
    reconcile_weight_percent: Percentage = 20
    """The share of the request weight that comparing accounts with our books may use."""
    liquidity_floors: Annotated[Amounts, NoDecode, Paired] = {"USDT": Decimal(5_000_000)}
    """What a symbol must trade in 24 hours before it may be bought, as quote asset=amount."""
    daily_notional_caps: Annotated[Amounts, NoDecode, Paired] = {"USDT": Decimal(50_000)}
    """What one account may buy for in a day (UTC), as quote asset=amount."""

    @field_validator("egresses")
    @classmethod
    def _proxies(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for proxy in value.values():
            web_address(proxy.get_secret_value())
        return value
