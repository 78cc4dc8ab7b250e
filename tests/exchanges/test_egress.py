"""Does everybody leave by the address they are pinned to, and does each have its own budget?"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from nexus.core.clock import SetClock, from_ms, to_ms, use
from nexus.exchanges.binance import Binance
from nexus.exchanges.egress import Egress, read_egresses
from nexus.exchanges.protocol import Accepted, Account, Intent, NotPlaced, Outcome, Rejected, Side
from nexus.exchanges.unlock import LockedKey
from nexus.exchanges.vault import KeyPair
from nexus.settings import ExchangeSettings, Settings
from nexus.simulator.clock import ManualClock
from nexus.simulator.limits import Limits
from nexus.simulator.server import RunningSimulator, SimulatorOptions, start_simulator
from tests.exchanges.conformance import send
from tests.exchanges.desk import ALICE, FreeHand, buy, keys_of, wire_to
from tests.exchanges.proxy import Proxy, open_proxy

WEIGHT = 600
OURS = WEIGHT * 4 // 5
TOKYO = replace(ALICE, egress="tokyo")
SMALL = Decimal("0.0005")


# ---------------------------------------------------------------------------- what is set
def test_egresses_are_read_with_their_addresses() -> None:
    told = ExchangeSettings.model_validate(
        {"egresses": "tokyo=http://nexus:canary@10.0.0.9:3128",
         "egress_addresses": "default=203.0.113.7,tokyo=198.51.100.1 198.51.100.2"}
    )  # fmt: skip
    found = read_egresses(told)
    assert found["default"] == Egress("default", None, ("203.0.113.7",))
    assert found["tokyo"].proxy == "http://nexus:canary@10.0.0.9:3128"
    assert found["tokyo"].addresses == ("198.51.100.1", "198.51.100.2")
    assert "canary" not in f"{told!r}{found}"


def test_the_default_egress_may_have_a_proxy_too() -> None:
    told = ExchangeSettings(egresses={"default": SecretStr("http://10.0.0.9:3128")})
    assert read_egresses(told)["default"].proxy == "http://10.0.0.9:3128"


@pytest.mark.parametrize("text", ["tokyo", "tokyo=", "=http://x", "a=http://x,a=http://y"])
def test_what_names_no_egress_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="name=value"):
        ExchangeSettings.model_validate({"egresses": text})


# ------------------------------------------------------------------------ two ways out
@dataclass
class World:
    """An exchange with a small limit, an adapter with two ways to it, and one clock for all."""

    exchange: RunningSimulator
    binance: Binance
    proxy: Proxy
    clock: SetClock

    def move(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)
        theirs = self.exchange.exchange.clock
        assert isinstance(theirs, ManualClock)
        theirs.set(to_ms(self.clock.at))

    async def send_all(self, intents: Sequence[Intent]) -> tuple[list[tuple[Intent, Outcome]], int]:
        """Send until nothing waits any more; give the answers in order, and the seconds it took."""
        answered: list[tuple[Intent, Outcome]] = []
        waiting, seconds = list(intents), 0.0
        while waiting and seconds < 3_600:  # Whoever starves must not wait for ever.
            answers = await send(self.binance, waiting)
            late = [one for one in answers if isinstance(one.outcome, NotPlaced)]
            assert all(isinstance(one.outcome, NotPlaced) and one.outcome.code == 0 for one in late)
            answered += [(one.intent, one.outcome) for one in answers if one not in late]
            waiting = [one.intent for one in late]
            if waiting:
                wait = max(one.outcome.retry_after for one in late)  # type: ignore[union-attr]
                assert 0 < wait <= 65
                seconds += wait
                self.move(wait)
        return answered, round(seconds)

    @property
    def refused_as_too_much(self) -> int:
        """How often the exchange had to say 429 or 418."""
        return sum(one.refused.total for one in self.exchange.exchange.governor.visitors.values())


@pytest.fixture
async def world(redis_url: str) -> AsyncIterator[World]:
    options = SimulatorOptions(accounts=1, manual_clock=True, limits=Limits(weight=WEIGHT))
    exchange = await start_simulator(options)
    [owner] = exchange.accounts
    keys: Mapping[int, LockedKey] = keys_of(KeyPair(owner.key, owner.secret))

    async def read(_accounts: Sequence[Account]) -> Mapping[int, LockedKey]:
        return keys

    redis = Redis.from_url(redis_url)
    clock = SetClock(from_ms(exchange.exchange.now()))
    async with open_proxy("127.0.0.2") as proxy:
        ways = Egress("default"), Egress("tokyo", proxy.url.replace("//", "//nexus:secret@"))
        wires = [
            wire_to(exchange.url, per_minute=OURS, egress=egress, memory=redis) for egress in ways
        ]
        binance = Binance(wires, read, FreeHand(), Settings(exchange_url=exchange.url))
        with use(clock):
            yield World(exchange, binance, proxy, clock)
        await binance.close()
    await exchange.stop()
    await redis.aclose()


def refusable(number: int, account: Account = ALICE, side: Side = Side.BUY) -> Intent:
    """Write down an order that the exchange refuses, which costs weight."""
    return buy(f"nx-{number}", account, quantity=Decimal("0.0000001"), side=side)


async def test_an_account_leaves_by_its_own_egress(world: World) -> None:
    answers = await send(
        world.binance, [buy("nx-1", quantity=SMALL), buy("nx-2", TOKYO, quantity=SMALL)]
    )
    assert all(isinstance(one.outcome, Accepted) for one in answers)
    before = world.proxy.carried
    assert before >= 2  # The order, and the time before it.
    assert world.proxy.authorised_by is not None
    assert {"127.0.0.1", "127.0.0.2"} <= set(world.exchange.exchange.governor.visitors)
    await world.binance.balances(TOKYO)
    assert world.proxy.carried > before


async def test_an_unknown_egress_sends_nothing(world: World) -> None:
    [answer] = await send(world.binance, [buy(account=replace(ALICE, egress="mars"))])
    assert isinstance(answer.outcome, NotPlaced)
    assert answer.outcome.code == 0
    assert "'mars'" in answer.outcome.message


async def test_a_proxy_that_is_away_places_nothing_and_tells_no_password(world: World) -> None:
    lane = world.binance.lanes["tokyo"]
    await lane.clock.stamp()
    lane.wire.egress = Egress("tokyo", "http://nexus:canary@127.0.0.1:1")
    [answer] = await send(world.binance, [buy(account=TOKYO)])
    assert isinstance(answer.outcome, NotPlaced)
    assert "canary" not in repr(answer)


async def test_a_crowd_never_hears_that_it_is_too_much(world: World) -> None:
    """Every order is refused, so each costs weight: five times what a minute allows."""
    intents = [refusable(number) for number in range(5 * WEIGHT // 2)]
    exits = [refusable(number, side=Side.SELL) for number in range(10_000, 10_000 + WEIGHT // 2)]
    answered, seconds = await world.send_all([*intents, *exits])
    assert len(answered) == 3 * WEIGHT
    assert all(isinstance(outcome, Rejected) for _, outcome in answered)
    assert world.refused_as_too_much == 0
    first = [intent.side for intent, _ in answered[: OURS * 4 // 5]]
    assert first.count(Side.SELL) == len(exits)
    # 80 % of the limit is ours, and a fifth of that is kept for exits.
    assert 3 * 60 < seconds < 9 * 65


async def test_exits_that_fill_the_whole_budget_still_get_through(world: World) -> None:
    """They leave no weight for the clock, which must therefore be read before them."""
    exits = [refusable(number, side=Side.SELL) for number in range(2 * WEIGHT)]
    world.move(600)
    answered, seconds = await world.send_all(exits)
    assert len(answered) == 2 * WEIGHT
    assert seconds <= 5 * 65
    assert world.refused_as_too_much == 0


async def test_what_never_left_is_given_back(world: World) -> None:
    governor = world.binance.lanes["default"].wire.governor
    await send(world.binance, [refusable(1)])
    used = (await governor.state()).used
    stale = [replace(refusable(n), account=replace(ALICE, key_version=9)) for n in range(100)]
    await send(world.binance, stale)
    assert (await governor.state()).used == used


async def test_two_egresses_double_the_rate(world: World) -> None:
    alone = [refusable(number) for number in range(2 * WEIGHT)]
    _, seconds = await world.send_all(alone)
    world.move(70)
    shared = [refusable(10_000 + n, (ALICE, TOKYO)[n % 2]) for n in range(2 * WEIGHT)]
    _, seconds_of_two = await world.send_all(shared)
    assert seconds_of_two <= seconds / 2
    assert world.refused_as_too_much == 0


async def test_when_one_egress_is_banned_the_other_goes_on(world: World) -> None:
    await world.binance.lanes["default"].wire.governor.pause(300, banned=True)
    answers = await send(
        world.binance, [buy("nx-1", quantity=SMALL), buy("nx-2", TOKYO, quantity=SMALL)]
    )
    outcomes = {one.intent.account.egress: one.outcome for one in answers}
    assert isinstance(outcomes["default"], NotPlaced)
    assert outcomes["default"].retry_after == 300
    assert isinstance(outcomes["tokyo"], Accepted)
