"""Are signatures and times really checked, over the characters as they were sent?"""

from decimal import Decimal

import pytest

from nexus.simulator.accounts import make_account
from nexus.simulator.errors import ApiError
from nexus.simulator.keys import HMAC, ApiKey
from nexus.simulator.params import Params
from nexus.simulator.sign import check_signature, check_time, sent_payload
from tests.simulator.client import Client, sign

ACCOUNT = "/api/v3/account"


async def refused(client: Client, query: str, key: str | None = None) -> tuple[int, int, str]:
    answer = await client.raw("GET", ACCOUNT, query, key=key)
    return answer.status, answer.code, answer.message


def signed_query(client: Client, query: str) -> str:
    assert client.account is not None
    return f"{query}&signature={sign(client.account.secret, query)}"


async def test_a_good_signature_is_let_in_from_query_or_body(client: Client) -> None:
    assert client.account is not None
    now = client.running.exchange.now()
    assert (
        await client.raw("GET", ACCOUNT, signed_query(client, f"timestamp={now}"))
    ).status == 200
    order = f"symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001&timestamp={now}"
    in_body = await client.raw("POST", "/api/v3/order", body=signed_query(client, order))
    assert in_body.json["status"] == "FILLED"
    query, body = "symbol=BTCUSDT&side=BUY", f"type=MARKET&quantity=0.001&timestamp={now}"
    # Binance joins query and body without an ampersand between them.
    signature = sign(client.account.secret, query + body)
    mixed = await client.raw("POST", "/api/v3/order", query, f"{body}&signature={signature}")
    assert mixed.json["status"] == "FILLED"


async def test_a_wrong_signature_is_refused(client: Client) -> None:
    now = client.running.exchange.now()
    query = f"timestamp={now}&signature={'0' * 64}"
    assert await refused(client, query) == (400, -1022, "Signature for this request is not valid.")
    tampered = signed_query(client, f"timestamp={now}").replace(str(now), str(now - 1))
    assert (await refused(client, tampered))[1] == -1022
    other = client.running.accounts[1]
    query = f"timestamp={now}&signature={sign(other.secret, f'timestamp={now}')}"
    assert (await refused(client, query))[1] == -1022


async def test_the_signature_covers_the_percent_encoding(client: Client) -> None:
    now = client.running.exchange.now()
    raw = f"omitZeroBalances=%74rue&timestamp={now}"
    assert (await client.raw("GET", ACCOUNT, signed_query(client, raw))).status == 200
    decoded = sign_of(client, f"omitZeroBalances=true&timestamp={now}")
    assert (await refused(client, f"{raw}&signature={decoded}"))[1] == -1022


def sign_of(client: Client, query: str) -> str:
    assert client.account is not None
    return sign(client.account.secret, query)


async def test_missing_parts_are_named(client: Client) -> None:
    now = client.running.exchange.now()
    assert (await refused(client, ""))[1:] == (
        -1102,
        "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.",
    )
    assert (await refused(client, f"timestamp={now}"))[1:] == (
        -1102,
        "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.",
    )
    assert (await refused(client, f"timestamp={now}&signature=abc"))[1] == -1100


async def test_unknown_and_malformed_keys_are_unauthorized(client: Client) -> None:
    query = signed_query(client, f"timestamp={client.running.exchange.now()}")
    malformed, unknown = (
        await refused(client, query, "short"),
        await refused(client, query, "a" * 64),
    )
    assert malformed == (401, -2014, "API-key format invalid.")
    assert unknown == (401, -2015, "Invalid API-key, IP, or permissions for action.")


@pytest.mark.parametrize(
    ("offset", "window", "code"),
    [
        (0, None, None),
        (-5_000, None, None),
        (-5_001, None, -1021),
        (999, None, None),
        (1_000, None, -1021),
        (-59_000, "60000", None),
        (0, "60001", -1102),
        (-10, "9.5", -1021),
        (0, "abc", -1100),
    ],
)
def test_time_is_checked_to_the_millisecond(
    offset: int, window: str | None, code: int | None
) -> None:
    now = 1_767_225_600_000
    query = f"timestamp={now + offset}" + (f"&recvWindow={window}" if window else "")
    if code is None:
        check_time(Params(query), now)
        return
    with pytest.raises(ApiError) as problem:
        check_time(Params(query), now)
    assert problem.value.code == code


def test_both_wordings_of_a_wrong_time() -> None:
    with pytest.raises(ApiError, match="1000ms ahead of the server's time"):
        check_time(Params("timestamp=5000"), 4_000)
    with pytest.raises(ApiError, match=r"outside of the recvWindow\."):
        check_time(Params("timestamp=4000"), 9_001)


def test_the_signature_may_stand_anywhere() -> None:
    account = make_account(1, 0, 0)
    signature = sign(account.secret, "timestamp=1&recvWindow=5")
    query = f"timestamp=1&signature={signature}&recvWindow=5"
    first = ApiKey(account.key, account.uid, HMAC, account.secret, 0)
    check_signature(first, sent_payload(query, ""), Params(query))


def test_the_same_seed_gives_the_same_keys_and_they_look_like_binances() -> None:
    first, again, second = make_account(1, 0, 0), make_account(1, 0, 9), make_account(1, 1, 0)
    assert (first.key, first.secret) == (again.key, again.secret)
    assert len({first.key, first.secret, second.key, second.secret}) == 4
    assert len(first.key) == len(first.secret) == 64
    assert first.key.isalnum()
    assert first.free["USDT"] == Decimal(0)
