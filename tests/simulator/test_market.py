"""Does the market move on its own, the same for everybody who asks at the same time?"""

from decimal import Decimal

from nexus.simulator.market import GeneratedMarket, fresh_stretches
from nexus.simulator.server import SimulatorOptions
from tests.simulator.client import Client
from tests.simulator.conftest import Start

NOW = 1_767_225_600_000


async def test_two_exchanges_of_one_seed_trade_at_the_same_prices(start: Start) -> None:
    async def day(seed: int) -> list[object]:
        client = await start(SimulatorOptions(accounts=1, seed=seed, manual_clock=True))
        seen: list[object] = []
        for step in range(1, 30):
            now = client.running.exchange.now() + step * 1_000
            prices = await client.control("POST", "/simulator/clock", {"now": now})
            side = "BUY" if step % 2 else "SELL"
            order = await client.order(side=side, quantity="0.002")
            seen += [prices.json, order.json]
        seen.append((await client.control("GET", "/simulator/journal")).json)
        return seen

    assert await day(4) == await day(4)
    assert await day(4) != await day(5)


def test_the_market_lives_through_every_phase_within_minutes() -> None:
    market = GeneratedMarket(1, ["BTCUSDT", "ETHUSDT"], fresh_stretches(NOW), NOW)
    phases, prices = [], []
    for second in range(0, 160, 5):
        market.advance(NOW + second * 1_000)
        phases.append(market.phase())
        prices.append(market.price("BTCUSDT"))
    assert list(dict.fromkeys(phases)) == ["bull", "crash", "sideways", "recovery"]
    assert max(prices) / prices[0] > Decimal("1.04")
    assert min(prices) / max(prices) < Decimal("0.95")


async def test_prices_do_not_depend_on_who_looked_before(client: Client) -> None:
    exchange = client.running.exchange
    now = exchange.now()
    for step in (1, 500, 750_000):
        await client.control("POST", "/simulator/clock", {"now": now + step})
    other = GeneratedMarket(7, ["BTCUSDT", "ETHUSDT"], fresh_stretches(now), now + 750_000)
    assert other.prices() == exchange.market.prices()


async def test_the_average_of_five_minutes_lies_within_them(client: Client) -> None:
    average = (await client.get("/api/v3/avgPrice", symbol="BTCUSDT")).json
    rows = (await client.get("/api/v3/klines", symbol="BTCUSDT", interval="1s", limit="300")).json
    assert min(Decimal(row[3]) for row in rows) < Decimal(average["price"])
    assert Decimal(average["price"]) < max(Decimal(row[2]) for row in rows)
