"""Do the slow rounds beside the tick keep our record true, and keep away from open orders?"""

from decimal import Decimal

from nexus.exchanges.models import SymbolFilter
from nexus.exchanges.registry import Exchanges
from nexus.exchanges.slow_share import SlowShare
from nexus.pipeline.jobs import refresh_accounts, refresh_filters
from tests.pipeline.house import House
from tests.scripted import BTC, FILTERS, VENUE


async def test_balances_are_read_except_where_an_order_is_open(house: House) -> None:
    scene = house.scene
    busy, idle = [await scene.account(await scene.person()) for _ in range(2)]
    await scene.bot(busy)
    await scene.enter()
    scene.exchange.holds = {"USDT": Decimal(77)}
    exchanges = Exchanges({VENUE: scene.exchange}, scene.settings)
    share = SlowShare(exchanges.adapters, None, 20)
    context = {"desk": house.desk, "exchanges": exchanges, "share": share}
    await refresh_accounts.function(context)
    assert [await scene.free("USDT", account) for account in (busy, idle)] == [10_000, 77]


async def test_what_the_venues_demand_is_read(house: House) -> None:
    exchanges = Exchanges({VENUE: house.scene.exchange}, house.scene.settings)
    await refresh_filters.function({"desk": house.desk, "exchanges": exchanges})
    async with house.scene.database.transaction() as tx:
        found = await tx.get(SymbolFilter, (VENUE, BTC))
    assert found is not None
    assert found.step_size == FILTERS.step_size
