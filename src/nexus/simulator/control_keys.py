"""How does a test give out keys, change what they may do, and move money, under `/simulator/`?"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from nexus.simulator.accounts import Account
from nexus.simulator.errors import SimulatorError
from nexus.simulator.exchange import Exchange
from nexus.simulator.keys import HMAC, describe_key
from nexus.simulator.orders import ZERO
from nexus.simulator.params import Params
from nexus.simulator.register import change_key, register_key

Body = dict[str, Any]
# More than anyone trades here, and far from where eight decimals would be lost.
MOST_MONEY = Decimal(10) ** 15


def read_keys(exchange: Exchange, params: Params, _body: Body) -> list[Body]:
    """`GET keys?uid=N`: the keys of an account (or of all) with their rights; no secrets."""
    uid = params.integer("uid")
    return [
        {name: value for name, value in describe_key(one).items() if name != "proof"}
        for one in exchange.keys.values()
        if uid in (None, one.uid)
    ]


def add_key(exchange: Exchange, _params: Params, body: Body) -> Body:
    """`POST keys {"uid", "kind", "public_key"}` and any of what `keys/change` takes."""
    wanted = dict(body)
    uid, kind = wanted.pop("uid", None), wanted.pop("kind", HMAC)
    public_key = wanted.pop("public_key", None)
    if not isinstance(uid, int) or not isinstance(public_key, str | None):
        raise SimulatorError("Send the account as uid, a number, and public_key as text.")
    made = register_key(exchange, uid, kind, public_key, wanted)
    told: Body = {"key": made.key, "uid": uid, "kind": kind}
    return told | ({"secret": made.proof} if kind == HMAC else {})


def alter_key(exchange: Exchange, _params: Params, body: Body) -> Body:
    """`POST keys/change {"key", "rights", "ips", "ipRestrict", "revoked", ...}`, any of them."""
    api_key = exchange.keys.get(str(body.get("key")))
    if api_key is None:
        raise SimulatorError("Send the key to change as key; there is none like that.")
    change_key(exchange, api_key, body)
    return {name: value for name, value in describe_key(api_key).items() if name != "proof"}


def move_money(exchange: Exchange, _params: Params, body: Body) -> Body:
    """`POST money {"uid", "asset", "delta"}`: a deposit, or with a minus a withdrawal."""
    account, asset = _account(exchange, body), str(body.get("asset", "USDT"))
    try:
        delta = Decimal(str(body.get("delta"))).quantize(Decimal("0.00000001"))
    except InvalidOperation:
        raise SimulatorError("Send the amount as delta, a decimal number in text.") from None
    if abs(delta) > MOST_MONEY or account.free.get(asset, ZERO) + delta < 0:
        raise SimulatorError("That is more than the account can hold or has free.")
    exchange.move_money(account, asset, delta)
    exchange.journal.note("money", {"uid": account.uid, "asset": asset, "delta": delta})
    return {"asset": asset, "free": f"{account.free[asset]:f}"}


def rule_account(exchange: Exchange, _params: Params, body: Body) -> Body:
    """`POST accounts/rules {"uid", "can_trade", "account_type"}`: what the exchange itself says."""
    account = _account(exchange, body)
    can_trade = body.get("can_trade", account.can_trade)
    kind = body.get("account_type", account.kind)
    if not isinstance(can_trade, bool) or not isinstance(kind, str):
        raise SimulatorError("Send can_trade as true or false, and account_type as text.")
    account.can_trade, account.kind = can_trade, kind
    told = {"uid": account.uid, "can_trade": can_trade, "account_type": kind}
    exchange.journal.note("rules", told)
    return told


def _account(exchange: Exchange, body: Body) -> Account:
    account = exchange.by_uid.get(body.get("uid", 0))
    if account is None:
        raise SimulatorError("Send the account as uid; there is none with that number.")
    return account


KEY_CONTROL: dict[tuple[str, str], Callable[[Exchange, Params, Body], Any]] = {
    ("GET", "/simulator/keys"): read_keys,
    ("POST", "/simulator/keys"): add_key,
    ("POST", "/simulator/keys/change"): alter_key,
    ("POST", "/simulator/money"): move_money,
    ("POST", "/simulator/accounts/rules"): rule_account,
}
