"""What are the pages of exchange accounts shown with in tests?"""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from nexus.bots.leave_account import BotOnAccount
from nexus.exchanges.drop_key import DropView
from nexus.exchanges.queries import AccountView, BalanceView

AT = datetime(2026, 3, 2, 14, 32, 5, tzinfo=UTC)
ADDRESSES = ("203.0.113.7", "2001:db8:1234:5678:9abc:def0:1234:5678")
PEM = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    "-----END PUBLIC KEY-----\n"
)
LIVE = AccountView(
    id=7, venue="binance", label="My Binance account with a name of forty", status="active",
    reason="", health="ok", health_at=AT, paused_at=None, expires_at=None, created_at=AT,
    balances_at=AT, egress="default", last4="aB3x", ip_restricted=True, key_since=AT,
    last_used_at=AT, round_trip_bps=Decimal(20),
)  # fmt: skip
REFUSED = replace(
    LIVE,
    status="key_invalid",
    health="address_missing",
    reason="Either its list of trusted IPs no longer has 203.0.113.7, or it was deleted. Add the"
    " address there; if the key is gone, replace it here.",
)
EXPIRING = replace(LIVE, health="expiring", expires_at=AT, reason="It ends on 12 March 2026.")
CHANGED = replace(LIVE, status="exits_only", health="rights_changed", reason="It may withdraw.")
PAPER = replace(LIVE, venue="paper", label="Practice", last4=None, ip_restricted=None)
DROP = DropView(
    id="AbCdEfGhIjKlMnOpQrStUv", user_id=1, account_id=None, replaces=False, venue="binance",
    label="Binance", egress="default", kind="ed25519", public_key=PEM, status="open", code="",
    sentence="", expires_at=AT,
)  # fmt: skip
WITHDRAWS = (
    'This key may withdraw. Switch "Enable Withdrawals" (enableWithdrawals) off at the exchange,'
    " then check again."
)
FREE = [
    BalanceView("BTC", Decimal("0.012345678"), AT),
    BalanceView("USDT", Decimal("12345.67"), AT),
]
BOTS = [
    BotOnAccount(1, "BTC/USDT", "running", Decimal("0.0123")),
    BotOnAccount(2, "ETH/USDT", "paused", Decimal(0)),
]


def _new(**changes: Any) -> dict[str, Any]:
    return {"account": None, "blocked": "", "errors": {}, "label": "", **changes}


def _key(drop: DropView, **errors: str) -> dict[str, Any]:
    return {"drop": drop, "addresses": ADDRESSES, "errors": errors}


def _account(account: AccountView, **changes: Any) -> dict[str, Any]:
    return {"account": account, "addresses": ADDRESSES, "balances": FREE, **changes}


PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "accounts": ("exchanges/accounts.html", {"accounts": [LIVE, REFUSED, EXPIRING, PAPER]}),
    "accounts-none": ("exchanges/accounts.html", {"accounts": []}),
    "account": ("exchanges/account.html", _account(LIVE)),
    "account-refused": ("exchanges/account.html", _account(REFUSED, addresses=())),
    "account-changed": ("exchanges/account.html", _account(CHANGED, balances=[])),
    "account-paused": (
        "exchanges/account.html",
        _account(replace(LIVE, paused_at=AT, status="paused", balances_at=None), balances=[]),
    ),
    "account-paper": ("exchanges/account.html", _account(PAPER, addresses=())),
    "connect": ("exchanges/new.html", _new()),
    "connect-blocked": ("exchanges/new.html", _new(blocked="Confirm your e-mail address first.")),
    "connect-wrong": ("exchanges/new.html", _new(errors={"label": "That looks like a key."})),
    "replace-key": ("exchanges/new.html", _new(account=LIVE)),
    "key-open": ("exchanges/key.html", _key(DROP)),
    "key-hmac-wrong": (
        "exchanges/key.html",
        _key(replace(DROP, kind="hmac", public_key=""), secret="There is a space in it."),
    ),
    "key-refused": (
        "exchanges/key.html",
        _key(replace(DROP, status="refused", code="dangerous_right", sentence=WITHDRAWS)),
    ),
    "key-checking": ("exchanges/key.html", _key(replace(DROP, status="checking"))),
    "key-connected": (
        "exchanges/key.html",
        _key(replace(DROP, status="connected", account_id=7)),
    ),
    "account-pause": ("exchanges/pause.html", {"account": LIVE, "bots": BOTS}),
    "account-remove": ("exchanges/remove.html", {"account": LIVE, "bots": BOTS}),
    "account-remove-empty": ("exchanges/remove.html", {"account": LIVE, "bots": []}),
}
