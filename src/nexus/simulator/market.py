"""What is every symbol's price now, and what was it before?

Holds one `Series` per symbol and moves them forward to the market's `now`. The generated market
is made in advance one cycle at a time; a replayed one is whole from the start.
"""

from dataclasses import dataclass
from decimal import Decimal

from nexus.simulator.candles import Series
from nexus.simulator.errors import SimulatorError
from nexus.simulator.generate import (
    CYCLE_SECONDS,
    SECOND,
    Recipe,
    generate_seconds,
    phase_name,
)
from nexus.simulator.intervals import DAY, MINUTE
from nexus.simulator.replay import read_market
from nexus.simulator.symbols import SymbolRules, find_rules

# Four hours of one-second candles before the doors open, so that every indicator is warm.
HISTORY_SECONDS = 90 * CYCLE_SECONDS


@dataclass(slots=True)
class Listing:
    """One traded pair: its rules and its candles."""

    rules: SymbolRules
    series: Series

    def decimal(self, ticks: int) -> Decimal:
        return self.rules.tick * ticks


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `time` (ms) on, the generated market runs on from its second number `index`."""

    time: int
    index: int


class Market:
    """All symbols at one moment. `now` is market time in milliseconds."""

    def __init__(self, listings: dict[str, Listing]) -> None:
        self.listings = listings
        self.now = 0
        self._averages: dict[tuple[str, int], Decimal] = {}

    def advance(self, now: int) -> None:
        self.now = max(now, self.now)

    def phase(self) -> str:
        return "replay"

    def price(self, symbol: str) -> Decimal:
        listing = self.listings[symbol]
        return listing.decimal(listing.series.price(self.now))

    def prices(self) -> dict[str, str]:
        return {symbol: f"{self.price(symbol):.8f}" for symbol in self.listings}

    def average_price(self, symbol: str) -> Decimal:
        """Return the mean price of the last five minutes, as the filters use it."""
        key = (symbol, self.now // SECOND)
        if key not in self._averages:
            self._averages = {} if len(self._averages) > len(self.listings) else self._averages
            self._averages[key] = self._average(symbol)
        return self._averages[key]

    def _average(self, symbol: str) -> Decimal:
        listing = self.listings[symbol]
        rows = listing.series.rows
        first = int(rows["time"].searchsorted(self.now - 5 * MINUTE))
        last = int(rows["time"].searchsorted(self.now - listing.series.base, side="right"))
        if last <= first:
            return self.price(symbol)
        return listing.decimal(int(rows["close"][first:last].mean()))


class ReplayedMarket(Market):
    """A market read from files; it starts where the earliest file does."""

    def __init__(self, files: list[str]) -> None:
        listings: dict[str, Listing] = {}
        for argument in files:
            rules, series = read_market(argument)
            if rules.symbol in listings:
                message = f"{rules.symbol} is given by more than one file; give one file each."
                raise SimulatorError(message)
            listings[rules.symbol] = Listing(rules, series)
        super().__init__(listings)
        self.starts = min(int(one.series.rows["time"][0]) for one in listings.values())


class GeneratedMarket(Market):
    """A market made from a seed; `stretches` say at which times it ran, gaps are outages."""

    def __init__(self, seed: int, symbols: list[str], stretches: list[Stretch], now: int) -> None:
        self._seed = seed
        self.stretches = stretches
        self._recipes: dict[str, Recipe] = {}
        listings: dict[str, Listing] = {}
        for symbol in symbols:
            rules = find_rules(symbol)
            if rules is None:
                message = f"{symbol} is not a pair we know how to split; try BTCUSDT."
                raise SimulatorError(message)
            anchor = int(rules.anchor / rules.tick)
            self._recipes[symbol] = Recipe(seed, symbol, anchor, rules.tick_decimals)
            series = Series(generate_seconds(self._recipes[symbol], 0, 0, 0), SECOND)
            listings[symbol] = Listing(rules, series)
        super().__init__(listings)
        self._made_until = 0
        self._rebuild(now)

    def advance(self, now: int) -> None:
        super().advance(now)
        if self.now - self._made_until > DAY:
            # Nobody watched for a day (a sleeping laptop, a leap of the manual clock): an outage.
            self.open_after_outage(self.now)
        while self._made_until <= self.now:
            self._make(self._made_until, self._made_until + CYCLE_SECONDS * SECOND)

    def phase(self) -> str:
        return phase_name(self._seed, self._index(self.now))

    def open_after_outage(self, now: int) -> None:
        """Go on at `now` from where the market stopped; between them is a gap."""
        stopped = self._made_until
        self.stretches = after_outage(self.stretches, stopped, now)
        self._made_until = self.stretches[-1].time

    def _index(self, time: int) -> int:
        return second_number(self.stretches, time)

    def _rebuild(self, now: int) -> None:
        """Make the last day again, stretch by stretch: what a client may still ask for."""
        oldest = now - DAY
        ends = [one.time for one in self.stretches[1:]] + [now + SECOND]
        for number, (stretch, end) in enumerate(zip(self.stretches, ends, strict=True)):
            begin = max(stretch.time, oldest - oldest % SECOND)
            if begin >= end:
                continue
            ran = end if number == len(ends) - 1 else self._ran_until(number)
            if begin < ran:
                self._make(begin, ran)
        self.advance(now)

    def _ran_until(self, number: int) -> int:
        """Return when a stretch stopped: at the second from which the next one goes on."""
        this, following = self.stretches[number], self.stretches[number + 1]
        return this.time + (following.index - this.index) * SECOND

    def _make(self, begin: int, end: int) -> None:
        first = self._index(begin)
        seconds = -(-(end - begin) // SECOND)
        for symbol, listing in self.listings.items():
            recipe = self._recipes[symbol]
            listing.series.append(generate_seconds(recipe, first, first + seconds, begin))
        self._made_until = begin + seconds * SECOND


def fresh_stretches(now: int) -> list[Stretch]:
    """Begin a market that has already lived four hours and now begins a bull phase."""
    opens = now - now % SECOND
    return [Stretch(opens - HISTORY_SECONDS * SECOND, 0)]


def second_number(stretches: list[Stretch], time: int) -> int:
    """Which second of the market's life `time` is; within an outage, where it will go on."""
    current = next((one for one in reversed(stretches) if one.time <= time), stretches[0])
    return current.index + max(time - current.time, 0) // SECOND


def after_outage(stretches: list[Stretch], stopped: int, now: int) -> list[Stretch]:
    """Let the market stand still from `stopped` to `now`, and go on now from the same second."""
    return [*stretches, Stretch(now - now % SECOND, second_number(stretches, stopped))]
