"""Do our answers fit Binance's own OpenAPI description, for every endpoint both know?"""

import json
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from nexus.simulator.endpoints import ENDPOINTS
from tests.simulator.client import Answer, Client
from tests.simulator.examples import CODES

SPEC = CODES.parent / "openapi_spot_api_v3_2024-10.json"
BTC = {"symbol": "BTCUSDT"}
PARAMS: dict[str, dict[str, str]] = {
    "GET /api/v3/ping": {},
    "GET /api/v3/time": {},
    "GET /api/v3/exchangeInfo": {},
    "GET /api/v3/klines": BTC | {"interval": "1m"},
    "GET /api/v3/ticker/24hr": BTC,
    "GET /api/v3/ticker/price": BTC,
    "GET /api/v3/ticker/bookTicker": BTC,
    "GET /api/v3/depth": BTC,
    "GET /api/v3/avgPrice": BTC,
    "GET /api/v3/trades": BTC,
    "GET /api/v3/aggTrades": BTC,
    "GET /api/v3/account": {},
    "GET /api/v3/account/commission": BTC,
    "GET /api/v3/rateLimit/order": {},
    "GET /api/v3/openOrders": BTC,
    "GET /api/v3/allOrders": BTC,
    "GET /api/v3/myTrades": BTC,
    "GET /api/v3/order": BTC | {"origClientOrderId": "rests-1"},
    "POST /api/v3/order": BTC | {"side": "BUY", "type": "MARKET", "quantity": "0.01"},
    "POST /api/v3/order/test": BTC | {"side": "BUY", "type": "MARKET", "quantity": "0.01"},
    "DELETE /api/v3/order": BTC | {"origClientOrderId": "rests-1"},
    "DELETE /api/v3/openOrders": BTC,
}


def shared_paths() -> list[str]:
    """Name every method and path that the description and the simulator both have."""
    if not SPEC.exists():
        return []
    described = json.loads(SPEC.read_text())["paths"]
    return [
        f"{method} {path}"
        for method, path in ENDPOINTS
        if method.lower() in described.get(path, {})
    ]


def schema_of(name: str, status: int) -> dict[str, Any]:
    """Return the schema of an answer; alternatives may overlap, so any of them will do."""
    spec = json.loads(SPEC.read_text().replace('"oneOf"', '"anyOf"'))
    method, path = name.split(" ")
    answer = spec["paths"][path][method.lower()]["responses"][str(status)]
    schema = answer["content"]["application/json"]["schema"]
    _correct(spec)
    return {**schema, "components": spec["components"]}


def _correct(spec: dict[str, Any]) -> None:
    """Put right two slips of the description, both against Binance's own examples.

    A trade's time is a boolean there, and every filter has to be a PRICE_FILTER.
    """
    spec["components"]["schemas"]["aggTrade"]["properties"]["T"]["type"] = "integer"
    info = spec["paths"]["/api/v3/exchangeInfo"]["get"]["responses"]["200"]["content"]
    symbol = info["application/json"]["schema"]["properties"]["symbols"]["items"]
    symbol["properties"]["filters"]["items"]["required"] = ["filterType"]


def problems(name: str, answer: Answer) -> list[str]:
    validator = Draft202012Validator(schema_of(name, answer.status))
    return [f"{one.instance_path}: {one.message}" for one in validator.iter_errors(answer.json)]


async def ask(client: Client, name: str, params: dict[str, str]) -> Answer:
    method, path = name.split(" ")
    if ENDPOINTS[method, path].signed:
        return await client.signed(method, path, **params)
    return await client.get(path, **params)


async def prepare(client: Client) -> None:
    """Have something in every list."""
    await client.order(quantity="0.02")
    rests = {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001", "price": "60000"}
    for number in (1, 2):
        await client.order(**rests, newClientOrderId=f"rests-{number}")


@pytest.mark.parametrize("name", shared_paths() or ["absent"])
async def test_answers_fit_the_description(client: Client, name: str) -> None:
    if name == "absent":
        pytest.skip("the OpenAPI description is not here")
    await prepare(client)
    answer = await ask(client, name, PARAMS[name])
    assert answer.status == 200
    assert problems(name, answer) == []
    if not PARAMS[name]:
        return
    refused = await ask(client, name, PARAMS[name] | {"symbol": "NOPE"})
    assert (refused.status, problems(name, refused)) == (400, [])


async def test_the_check_itself_can_fail(client: Client) -> None:
    if not SPEC.exists():
        pytest.skip("the OpenAPI description is not here")
    answer = await client.get("/api/v3/ticker/price", **BTC)
    del answer.json["price"]
    assert problems("GET /api/v3/ticker/price", answer) != []


def test_every_shared_endpoint_is_asked() -> None:
    assert set(shared_paths()) <= set(PARAMS)
