"""How does the invented market move? Bull, crash, sideways and recovery, from a seed.

The market is a chain of cycles of exactly 160 seconds. Each cycle is a pure function of (seed,
symbol, cycle number), and neighbours meet at a price both can compute. So any second of the
market can be made without making the ones before it, which is what lets a restart go on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np

from nexus.simulator.candles import CANDLE, Rows, typical_price

CYCLE_SECONDS = 160
SECOND = 1_000


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the cycle: its length in seconds and how rough it is (share of the price)."""

    name: str
    seconds: int
    noise: float
    volume: float


def phases(seed: int, cycle: int) -> list[Phase]:
    """Return the phases of one cycle, the same for all symbols: real ones fall together, too."""
    chance = _chance(seed, "phases", cycle)
    bull = 60 + chance.randrange(11)
    crash = 15 + chance.randrange(6)
    sideways = 40 + chance.randrange(11)
    recovery = CYCLE_SECONDS - bull - crash - sideways
    return [
        Phase("bull", bull, 0.0006, 1.2),
        Phase("crash", crash, 0.0005, 4.0),
        Phase("sideways", sideways, 0.0006, 0.7),
        Phase("recovery", recovery, 0.0004, 1.0),
    ]


def phase_name(seed: int, index: int) -> str:
    """Which phase the market's second number `index` belongs to."""
    cycle, second = divmod(index, CYCLE_SECONDS)
    for phase in phases(seed, cycle):
        if second < phase.seconds:
            return phase.name
        second -= phase.seconds
    return "recovery"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides how one symbol moves."""

    seed: int
    symbol: str
    # The price, in ticks, around which the symbol moves for ever.
    anchor: int
    # Decimals of a tick: needed only to turn volume into quote currency.
    decimals: int

    def chance(self, *parts: object) -> Random:
        return _chance(self.seed, self.symbol, *parts)

    def joint(self, cycle: int) -> int:
        """Return the price at which `cycle` begins and the one before it ends, near the anchor."""
        return round(self.anchor * (1 + 0.03 * (self.chance("joint", cycle).random() - 0.5)))


def generate_seconds(recipe: Recipe, first: int, last: int, start: int) -> Rows:
    """One-second candles for market seconds `first..last` (exclusive), the first at `start` ms."""
    parts = [np.empty(0, CANDLE)]
    for cycle in range(first // CYCLE_SECONDS, -(-last // CYCLE_SECONDS)):
        offset = cycle * CYCLE_SECONDS
        low, high = max(first - offset, 0), min(last - offset, CYCLE_SECONDS)
        parts.append(generate_cycle(recipe, cycle)[low:high])
    rows = np.concatenate(parts)
    rows["time"] = start + np.arange(len(rows), dtype=np.int64) * SECOND
    return rows


def generate_cycle(recipe: Recipe, cycle: int) -> Rows:
    """Return the candles of one cycle; their `time` is left for the caller to fill."""
    chance = recipe.chance("candles", cycle)
    before = recipe.joint(cycle)
    # About 60,000 units of quote currency a second, whatever the price.
    usual = 60_000 / (recipe.anchor / 10**recipe.decimals)
    candles = []
    for close, phase in _closes(recipe, cycle):
        high = max(before, close) + int(chance.random() * 0.0002 * close)
        low = max(min(before, close) - int(chance.random() * 0.0002 * close), 1)
        volume = round(phase.volume * (0.5 + chance.random()) * usual, 5)
        trades = 8 + int(chance.random() * 40 * phase.volume)
        candles.append((0, before, high, low, close, volume, 0.0, trades))
        before = close
    rows = np.array(candles, CANDLE)
    rows["quote"] = rows["volume"] * typical_price(rows, recipe.decimals)
    return rows


def _closes(recipe: Recipe, cycle: int) -> Iterator[tuple[int, Phase]]:
    chance = recipe.chance("closes", cycle)
    start = recipe.joint(cycle)
    for phase, end in zip(phases(recipe.seed, cycle), _targets(recipe, cycle), strict=True):
        wobble = 0.0
        for second in range(1, phase.seconds + 1):
            wobble = 0.9 * wobble + (chance.random() - 0.5) * 2 * phase.noise
            # The noise dies away at both ends, so that a phase ends exactly at its target.
            taper = min(1.0, second / 5, (phase.seconds - second) / 5)
            level = start + (end - start) * second / phase.seconds
            yield max(round(level * (1 + wobble * taper)), 1), phase
        start = end


def _targets(recipe: Recipe, cycle: int) -> list[int]:
    """Where the four phases end: up 5-9 %, down 6.5-9.5 %, flat, and the next beginning."""
    chance = recipe.chance("targets", cycle)
    top = recipe.joint(cycle) * (1.05 + 0.04 * chance.random())
    bottom = top * (1 - 0.065 - 0.03 * chance.random())
    floor = bottom * (1 + 0.008 * (chance.random() - 0.5))
    return [round(top), round(bottom), round(floor), recipe.joint(cycle + 1)]


def _chance(*parts: object) -> Random:
    """Return a generator that depends on nothing but `parts`; only `.random()` draws, no libm."""
    return Random("/".join(str(part) for part in parts))  # noqa: S311 - a market, not a secret
