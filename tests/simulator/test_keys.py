"""Are keys of all three kinds proven, limited to their rights and addresses, and revocable?"""

from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import pytest

from nexus.simulator.errors import SimulatorError
from nexus.simulator.keys import ED25519, RSA, read_public_key
from tests.simulator.client import Answer, Client, sign
from tests.simulator.pairs import Pair, ed25519_pair, rsa_pair

RESTRICTIONS = "/sapi/v1/account/apiRestrictions"
ACCOUNT = "/api/v3/account"
REFUSED = {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
ELSEWHERE = "127.0.0.7"


async def register(client: Client, pair: Pair, **more: object) -> str:
    assert client.account is not None
    body = {"uid": client.account.uid, "kind": pair.kind, "public_key": pair.public, **more}
    answer = await client.control("POST", "/simulator/keys", body)
    assert answer.status == 200, answer.json
    return str(answer.json["key"])


async def signed(
    client: Client, pair: Pair, key: str, method: str, path: str, **params: object
) -> Answer:
    query = urlencode({**params, "timestamp": client.running.exchange.now()})
    query = f"{query}&signature={quote(pair.sign(query), safe='')}"
    return await client.raw(method, path, query, key=key)


async def change(client: Client, key: str, **changes: object) -> Any:
    answer = await client.control("POST", "/simulator/keys/change", {"key": key, **changes})
    assert answer.status == 200, answer.json
    return answer.json


def own_key(client: Client) -> str:
    assert client.account is not None
    return client.account.key


@pytest.mark.parametrize("make", [ed25519_pair, rsa_pair])
async def test_a_registered_public_key_trades_and_a_wrong_signature_does_not(
    client: Client, make: Any
) -> None:
    pair = make()
    key = await register(client, pair)
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    placed = await signed(client, pair, key, "POST", "/api/v3/order", **order)
    assert placed.json["status"] == "FILLED"
    forged = f"timestamp={client.running.exchange.now()}"
    signature = quote(pair.sign(forged + "0"), safe="")
    answer = await client.raw("GET", ACCOUNT, f"{forged}&signature={signature}", key=key)
    assert (answer.status, answer.code) == (400, -1022)
    nonsense = await client.raw("GET", ACCOUNT, f"{forged}&signature=%21", key=key)
    assert nonsense.code == -1022


async def test_a_second_hmac_key_has_its_own_secret(client: Client) -> None:
    assert client.account is not None
    made = (await client.control("POST", "/simulator/keys", {"uid": client.account.uid})).json
    assert set(made) == {"key", "uid", "kind", "secret"}
    assert made["secret"] != client.account.secret
    query = f"timestamp={client.running.exchange.now()}"
    good = f"{query}&signature={sign(made['secret'], query)}"
    bad = f"{query}&signature={sign(client.account.secret, query)}"
    assert (await client.raw("GET", ACCOUNT, good, key=made["key"])).status == 200
    assert (await client.raw("GET", ACCOUNT, bad, key=made["key"])).code == -1022


async def test_restrictions_are_told_as_they_are_ticked(client: Client) -> None:
    key = own_key(client)
    told = (await client.signed("GET", RESTRICTIONS)).json
    assert told["ipRestrict"] is True
    assert "tradingAuthorityExpirationTime" not in told
    now = client.running.exchange.now()
    await change(
        client,
        key,
        rights={"enableWithdrawals": True, "permitsUniversalTransfer": True},
        ipRestrict=False,
        tradingAuthorityExpirationTime=now + 1_000,
    )
    told = (await client.signed("GET", RESTRICTIONS)).json
    assert told["ipRestrict"] is False
    assert told["enableWithdrawals"] is told["permitsUniversalTransfer"] is True
    assert told["tradingAuthorityExpirationTime"] == now + 1_000


async def test_a_key_without_the_right_to_trade_reads_only(client: Client) -> None:
    await change(client, own_key(client), rights={"enableSpotAndMarginTrading": False})
    assert (await client.signed("GET", ACCOUNT)).status == 200
    refused = await client.order(quantity="0.01")
    assert (refused.status, refused.json) == (401, REFUSED)
    test = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    assert (await client.signed("POST", "/api/v3/order/test", **test)).code == -2015
    entries = (await client.control("GET", "/simulator/journal")).json
    assert [(one["outcome"], one["code"]) for one in entries] == [("rejected", -2015)]


async def test_the_right_to_trade_expires(client: Client) -> None:
    now = client.running.exchange.now()
    await change(client, own_key(client), tradingAuthorityExpirationTime=now + 10)
    assert (await client.order(quantity="0.01")).status == 200
    await client.control("POST", "/simulator/clock", {"now": now + 10})
    assert (await client.order(quantity="0.01")).code == -2015
    told = (await client.signed("GET", RESTRICTIONS)).json
    assert told["enableSpotAndMarginTrading"] is False


async def test_a_revoked_key_is_refused_at_once_and_may_be_restored(client: Client) -> None:
    assert (await client.signed("GET", ACCOUNT)).status == 200
    await change(client, own_key(client), revoked=True)
    answer = await client.signed("GET", ACCOUNT)
    assert (answer.status, answer.json) == (401, REFUSED)
    await change(client, own_key(client), revoked=False)
    assert (await client.signed("GET", ACCOUNT)).status == 200


async def test_a_locked_key_works_from_its_addresses_only(client: Client) -> None:
    await change(client, own_key(client), ips=[ELSEWHERE])
    assert (await client.signed("GET", ACCOUNT)).json == REFUSED
    connector = aiohttp.TCPConnector(local_addr=(ELSEWHERE, 0))
    async with aiohttp.ClientSession(connector=connector) as session:
        elsewhere = Client(session, client.running, client.account)
        assert (await elsewhere.signed("GET", ACCOUNT)).status == 200
    await change(client, own_key(client), ipRestrict=False)
    assert (await client.signed("GET", ACCOUNT)).status == 200


async def test_an_account_that_may_not_trade_says_so(client: Client) -> None:
    assert client.account is not None
    rules = {"uid": client.account.uid, "can_trade": False, "account_type": "MARGIN"}
    await client.control("POST", "/simulator/accounts/rules", rules)
    told = (await client.signed("GET", ACCOUNT)).json
    assert (told["canTrade"], told["accountType"]) == (False, "MARGIN")
    refused = await client.order(quantity="0.01")
    assert refused.json == {"code": -2010, "msg": "This action is disabled on this account."}


@pytest.mark.parametrize(
    "body",
    [
        {"uid": 1},
        {"kind": "ED25519"},
        {"kind": "ED25519", "public_key": "nonsense"},
        {"kind": "DSA"},
        {"kind": "HMAC", "rights": {"enableMagic": True}},
        {"kind": "HMAC", "rights": {"enableReading": "yes"}},
        {"kind": "HMAC", "rights": ["enableReading"]},
        {"kind": "HMAC", "ips": "127.0.0.1"},
        {"kind": "HMAC", "ips": [5]},
        {"kind": "HMAC", "ips": ["10.0.0.1"] * 31},
        {"kind": "HMAC", "colour": "red"},
    ],
)
async def test_a_senseless_key_is_refused(client: Client, body: dict[str, object]) -> None:
    assert client.account is not None
    answer = await client.control("POST", "/simulator/keys", {"uid": client.account.uid, **body})
    assert answer.status == 400
    assert answer.json["error"]
    # Two accounts, two keys: none was made on the way.
    assert len(client.running.exchange.keys) == 2


def test_a_public_key_is_of_the_kind_it_claims() -> None:
    with pytest.raises(SimulatorError, match="no RSA"):
        read_public_key(RSA, ed25519_pair().public)
    with pytest.raises(SimulatorError, match="no ED25519"):
        read_public_key(ED25519, rsa_pair().public)


async def test_the_list_of_keys_holds_no_secret(client: Client) -> None:
    assert client.account is not None
    answer = await client.control("GET", f"/simulator/keys?uid={client.account.uid}")
    assert [one["key"] for one in answer.json] == [client.account.key]
    assert client.account.secret not in str(answer.json)
