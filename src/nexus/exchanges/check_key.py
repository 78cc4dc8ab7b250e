"""Is this key safe to keep, and can it do what it is for? Asks the exchange with the key itself.

Every way in which it can be wrong has a code and a sentence that says what to do about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Protocol, runtime_checkable

from nexus.core.clock import from_ms
from nexus.exchanges.egress import DEFAULT, Egress
from nexus.exchanges.errors import KeyRefusedError, VenueRefusedError
from nexus.exchanges.fees import check_account_fees
from nexus.exchanges.protocol import Holder, VenueRefusalError
from nexus.exchanges.vault import KeyPair
from nexus.settings import ProcessSettings, Settings

FORBIDDEN = {
    "enableWithdrawals": ("withdraw", "Enable Withdrawals"),
    "enableInternalTransfer": ("transfer to other accounts", "Enable Internal Transfer"),
    "permitsUniversalTransfer": ("transfer between wallets", "Permits Universal Transfer"),
}
"""What moves money out: refused unless the exchange says that it is off."""
UNWANTED = {
    "enableMargin": ("borrow on margin", "Enable Margin Loan, Repay & Transfer"),
    "enableFutures": ("trade futures", "Enable Futures"),
    "enableVanillaOptions": ("trade options", "Enable European Options"),
    "enablePortfolioMarginTrading": ("trade on portfolio margin", "Enable Portfolio Margin"),
}
"""What we never use and what could lose more than is there: refused when it is on."""
NEEDED = {
    "enableReading": "Enable Reading",
    "enableSpotAndMarginTrading": "Enable Spot & Margin Trading",
}
SPOT: Final = "SPOT"
NO_SUCH_KEY, BAD_FORMAT, NOT_ACCEPTED, WRONG_SIGNATURE, WRONG_TIME = (
    -2008,
    -2014,
    -2015,
    -1022,
    -1021,
)
RESTRICTED_REGION = 451


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a checked key may do; only `check_permissions` makes one."""

    told: Mapping[str, Any]
    ip_restricted: bool
    expires_at: datetime | None = None
    """When the exchange takes the right to trade away; None while it does not."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A key that may be connected, and whose account it opens."""

    permissions: Permissions
    holder: Holder | None
    round_trip_bps: Decimal | None = None
    """What buying and selling once costs; None where the venue does not tell."""

    @property
    def uid(self) -> str:
        """The account's number at the venue; empty when it names none."""
        return self.holder.uid if self.holder else ""


@runtime_checkable
class KeyChecker(Protocol):
    """A venue that says what a key may do."""

    async def restrictions(self, pair: KeyPair, egress: str = DEFAULT) -> Mapping[str, Any]:
        """Ask with the key itself. Raises ExchangeAwayError."""
        ...


@runtime_checkable
class HolderReader(Protocol):
    """A venue that says whose account a key opens."""

    async def holder(self, pair: KeyPair, egress: str = DEFAULT) -> Holder:
        """Ask with the key itself. Raises ExchangeAwayError."""
        ...


async def check_key(
    exchange: KeyChecker, pair: KeyPair, settings: ProcessSettings, egress: str = DEFAULT
) -> Permissions:
    """Ask what a key may do and refuse what is unsafe.

    Raises KeyRefusedError, and ExchangeAwayError when the venue does not answer for the key.
    """
    told = await exchange.restrictions(pair, egress)
    return check_permissions(told, must_be_ip_locked=settings.environment == "production")


async def examine_key(
    exchange: KeyChecker, pair: KeyPair, egress: Egress, settings: Settings
) -> Examined:
    """Check everything a key and its account can be refused for.

    Raises KeyRefusedError, and ExchangeAwayError when the venue cannot be asked just now.
    """
    try:
        permissions = await check_key(exchange, pair, settings, egress.name)
        holder = None
        if isinstance(exchange, HolderReader):
            holder = await exchange.holder(pair, egress.name)
            check_holder(holder)
        symbol = settings.symbols[0]
        paid = await check_account_fees(exchange, pair, symbol, settings, egress.name)
    except VenueRefusalError as refusal:
        raise explain(refusal, egress) from None
    except VenueRefusedError as error:
        raise KeyRefusedError(str(error), "fees") from None
    return Examined(permissions, holder, paid)


def check_permissions(told: Mapping[str, Any], *, must_be_ip_locked: bool) -> Permissions:
    """Refuse a key that can move money out, or cannot trade. What was not said is not safe."""
    for name, (meaning, label) in FORBIDDEN.items():
        if told.get(name) is not False:
            raise KeyRefusedError(_switch_off(meaning, label), "dangerous_right")
    for name, (meaning, label) in UNWANTED.items():
        if told.get(name, False) is not False:
            raise KeyRefusedError(_switch_off(meaning, label), "unwanted_right")
    for name, label in NEEDED.items():
        if told.get(name) is not True:
            raise KeyRefusedError(
                f'This key may not do enough. Switch "{label}" on at the exchange, then check'
                " again.",
                "no_trading_right",
            )
    ip_restricted = told.get("ipRestrict") is True
    if must_be_ip_locked and not ip_restricted:
        raise KeyRefusedError(
            "This key works from any address. Restrict it to our addresses at the exchange,"
            ' under "Restrict access to trusted IPs only", then check again.',
            "no_ip_lock",
        )
    return Permissions(dict(told), ip_restricted, _expiry(told))


def check_holder(holder: Holder) -> None:
    """Refuse an account that is not a spot account which may trade."""
    if holder.kind != SPOT:
        raise KeyRefusedError(
            f"This key belongs to an account of the kind {holder.kind or 'unknown'}."
            " Make a key for a spot account.",
            "account_type",
        )
    if not holder.can_trade:
        raise KeyRefusedError(
            "The exchange does not let this account trade at the moment. Ask the exchange why,"
            " then check again.",
            "account_may_not_trade",
        )


def explain(refusal: VenueRefusalError, egress: Egress) -> KeyRefusedError | VenueRefusalError:
    """Say in words why the venue would not answer for a key; unchanged when it is not the key."""
    if refusal.status == RESTRICTED_REGION:
        return KeyRefusedError(
            "Binance does not serve the region that our address is in. This is on our side:"
            " nothing you can change. We have been told.",
            "region",
        )
    match refusal.code:
        case code if code in (NO_SUCH_KEY, BAD_FORMAT):
            return KeyRefusedError(
                "Binance does not know this API key. Copy it again; if you pasted the secret"
                " into its field, swap the two.",
                "wrong_key",
            )
        case code if code == WRONG_SIGNATURE:
            return KeyRefusedError(
                "Binance knows the API key, but its other half does not belong to it. With our"
                " public key: register exactly the one shown here. With a secret: copy it again.",
                "wrong_secret",
            )
        case code if code == NOT_ACCEPTED:
            return KeyRefusedError(_not_accepted(egress), "not_accepted")
        case code if code == WRONG_TIME:
            return KeyRefusedError(
                "Our clock and Binance's do not agree just now. Your key is not the reason."
                " Check again in a minute.",
                "clock",
            )
    return refusal


def _not_accepted(egress: Egress) -> str:
    """Name all that one answer of Binance's can mean, the likeliest first."""
    lacks = f"Its list of trusted IPs lacks {' and '.join(egress.addresses)}, or "
    return (
        "Binance does not accept this key, and gives one answer for several reasons. "
        f'{lacks if egress.addresses else ""}"Enable Reading" is off, or the key was mistyped or'
        " deleted, or key and secret are each in the other's field. Put it right, then check"
        " again."
    )


def _switch_off(meaning: str, label: str) -> str:
    return f'This key may {meaning}. Switch "{label}" off at the exchange, then check again.'


def _expiry(told: Mapping[str, Any]) -> datetime | None:
    stamp = told.get("tradingAuthorityExpirationTime")
    return from_ms(stamp) if isinstance(stamp, int) and stamp > 0 else None
