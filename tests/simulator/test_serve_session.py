"""Can a session log on once and be trusted afterwards, for as long as its key is good?"""

from typing import Any

from tests.simulator.client import Client
from tests.simulator.listener import Listener, by_secret, listen
from tests.simulator.pairs import ed25519_pair, rsa_pair
from tests.simulator.test_keys import register


async def logged_on(client: Client, listener: Listener) -> str:
    key = await register(client, ed25519_pair())
    answer = await listener.signed("session.logon", key, ed25519_pair().sign)
    assert answer["status"] == 200, answer
    return key


async def order(client: Client, listener: Listener) -> Any:
    now = client.running.exchange.now()
    wish = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    return await listener.ask("order.place", **wish, timestamp=now)


async def test_a_session_needs_no_more_signatures(client: Client) -> None:
    async with listen(client.running) as listener:
        key = await logged_on(client, listener)
        now = client.running.exchange.now()
        status = (await listener.ask("session.status"))["result"]
        assert status == {
            "apiKey": key,
            "authorizedSince": now,
            "connectedSince": now,
            "returnRateLimits": True,
            "serverTime": now,
            "userDataStream": False,
        }
        assert (await order(client, listener))["result"]["status"] == "FILLED"
        late = await listener.ask("account.status", timestamp=now - 5_001)
        assert late["error"]["code"] == -1021
        assert (await listener.ask("account.status"))["error"]["code"] == -1102


async def test_only_ed25519_logs_on(client: Client) -> None:
    assert client.account is not None
    rsa = await register(client, rsa_pair())
    async with listen(client.running) as listener:
        first = by_secret(client.account.secret)
        refused = await listener.signed("session.logon", client.account.key, first)
        assert refused["error"] == {
            "code": -4056,
            "msg": "HMAC_SHA256 API key is not supported.",
        }
        refused = await listener.signed("session.logon", rsa, rsa_pair().sign)
        assert refused["error"]["code"] == -4056
        assert (await listener.ask("session.status"))["result"]["apiKey"] is None


async def test_a_session_subscribes_once_and_ends_with_the_logout(client: Client) -> None:
    async with listen(client.running) as listener:
        early = await listener.ask("userDataStream.subscribe")
        assert early["error"]["code"] == -2015
        await logged_on(client, listener)
        made = await listener.ask("userDataStream.subscribe")
        assert made["result"] == {"subscriptionId": 0}
        again = await listener.ask("userDataStream.subscribe")
        assert again["error"] == {
            "code": -2035,
            "msg": "User Data Stream subscription already active.",
        }
        assert (await listener.ask("session.status"))["result"]["userDataStream"] is True
        await order(client, listener)
        await listener.heard(3)
        assert (await listener.ask("session.logout"))["result"]["apiKey"] is None
        assert (await listener.heard(1))[0]["event"]["e"] == "eventStreamTerminated"
        assert (await order(client, listener))["error"]["code"] == -2014


async def test_subscriptions_are_listed_and_ended_one_by_one_or_all(client: Client) -> None:
    alice, bob = client.running.accounts
    async with listen(client.running) as listener:
        await listener.subscribe(alice)
        await listener.subscribe(bob)
        listed = await listener.ask("session.subscriptions")
        assert listed["result"] == [{"subscriptionId": 0}, {"subscriptionId": 1}]
        unknown = await listener.ask("userDataStream.unsubscribe", subscriptionId=7)
        assert unknown["error"]["code"] == -2036
        assert (await listener.ask("userDataStream.unsubscribe", subscriptionId=0))["result"] == {}
        assert (await listener.heard(1))[0]["subscriptionId"] == 0
        # A number is never used again on a connection.
        assert (await listener.subscribe(alice))["result"] == {"subscriptionId": 2}
        await listener.ask("userDataStream.unsubscribe")
        assert [one["subscriptionId"] for one in await listener.heard(2)] == [1, 2]
        assert (await listener.ask("session.subscriptions"))["result"] == []


async def test_a_revoked_key_ends_the_session(client: Client) -> None:
    async with listen(client.running) as listener:
        key = await logged_on(client, listener)
        await client.control("POST", "/simulator/keys/change", {"key": key, "revoked": True})
        assert (await listener.ask("session.status"))["result"]["apiKey"] is None
        assert (await order(client, listener))["error"]["code"] == -2014


async def test_a_thousand_accounts_fit_on_one_connection_and_no_more(client: Client) -> None:
    made = client.running.exchange.create_accounts(1_001)
    async with listen(client.running, "?returnRateLimits=false") as listener:
        for account in made[:1_000]:
            assert (await listener.subscribe(account))["status"] == 200
        refused = await listener.subscribe(made[1_000])
        assert refused["error"]["code"] == -1191
        await listener.ask("userDataStream.unsubscribe", subscriptionId=0)
        assert (await listener.subscribe(made[1_000]))["result"] == {"subscriptionId": 1_000}
