"""Are the limits and the fence the ones that were configured?"""

from datetime import timedelta
from decimal import Decimal

from nexus.core.db import Database
from nexus.execution.broker import Broker
from nexus.execution.weigh import Limits
from nexus.settings import Settings
from tests.scenes import QuietBell


def broker(**settings: object) -> Broker:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    return Broker(database, {}, QuietBell(), Settings(**settings))  # type: ignore[arg-type]


def test_the_limits_come_from_the_settings() -> None:
    found = broker(slippage_cap_bps=70, market_stale_seconds=90, tick_seconds=20).limits
    assert found == Limits(Decimal(70), timedelta(seconds=90), timedelta(seconds=60))


def test_the_fence_lies_behind_everything_that_could_still_start() -> None:
    assert broker().fence == timedelta(seconds=30)
    assert broker(recv_window_ms=60_000).fence == timedelta(seconds=85)


def test_each_process_has_a_name_of_its_own() -> None:
    assert ":" in broker().worker
