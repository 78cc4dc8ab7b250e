"""What does the simulated exchange hold, and how does time move it?

Everything that changes an account goes through `admit_order`, `fill_resting` or `drop_order`,
live and when a state file is read back, so that both give the same balances.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal

from nexus.simulator.accounts import Account, make_account
from nexus.simulator.answers import Json
from nexus.simulator.clock import Clock
from nexus.simulator.describe import describe_match
from nexus.simulator.events import (
    balance_event,
    ended_events,
    placed_events,
    position_event,
    report,
)
from nexus.simulator.faults import Fault, Faults
from nexus.simulator.journal import Journal
from nexus.simulator.keys import HMAC, ApiKey
from nexus.simulator.limits import Governor
from nexus.simulator.market import GeneratedMarket, Market
from nexus.simulator.match import is_crossed, take_stopped
from nexus.simulator.orders import Fill, Order
from nexus.simulator.record import Record
from nexus.simulator.settle import (
    Books,
    commission_on,
    deposit,
    release,
    reserve,
    settle_fill,
)
from nexus.simulator.streams import Streams
from nexus.simulator.symbols import SymbolRules

STARTING_ASSET = "USDT"
# How often a line tells the state file that we are alive; a restart trusts this much silence.
ALIVE_EVERY = 5_000


class Exchange:
    """Accounts, orders, balances, market and journal of one simulated exchange."""

    def __init__(
        self,
        *,
        seed: int,
        clock: Clock,
        market: Market,
        governor: Governor,
        journal: Journal,
        balance: Decimal,
    ) -> None:
        self.seed = seed
        self.clock = clock
        self.market = market
        self.governor = governor
        self.journal = journal
        # What a new account starts with, in STARTING_ASSET.
        self.balance = balance
        self.books = Books()
        self.record = Record(journal)
        self.faults = Faults()
        self.streams = Streams(self.record, self.faults)
        # Which addresses are turned away, and with which status (451 or 403).
        self.blocked: dict[str, int] = {}
        # How far the exchange's own clock is from what it should be, in ms.
        self.skew = 0
        # Each account by the key it was opened with; `keys` holds these and all later ones.
        self.accounts: dict[str, Account] = {}
        self.keys: dict[str, ApiKey] = {}
        self.by_uid: dict[int, Account] = {}
        self.resting: defaultdict[str, dict[int, Order]] = defaultdict(dict)
        self.requests: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()
        self.next_order_id = 1
        self.next_trade_id = 1
        # Up to which market time resting orders have met the market.
        self.swept_at = market.now
        self._alive_at = 0

    def now(self) -> int:
        return self.clock.now()

    def rules(self, symbol: str) -> SymbolRules:
        return self.market.listings[symbol].rules

    def note_fault(self, fault: Fault, where: str, uid: int | None) -> None:
        """Keep in the record that a fault has come about, not only been asked for."""
        named = {"label": fault.label} if fault.label else {}
        self.record.note(fault.kind, self.now(), endpoint=where, account=uid, **named)

    def advance(self) -> None:
        """Bring the market to its clock and trade what has been crossed on the way."""
        since, until = self.swept_at, self.clock.market_now()
        if until <= since:
            return
        outages = self._stretch_count()
        self.market.advance(until)
        if self._stretch_count() != outages:
            self.note_stretches()
        self.swept_at = until
        for symbol, orders in self.resting.items():
            if orders:
                self._sweep(symbol, list(orders.values()), since, until)
        if until - self._alive_at >= ALIVE_EVERY:
            self.note_alive()

    def create_accounts(self, count: int) -> list[Account]:
        """Open `count` more accounts, each with the usual balance."""
        made = []
        for _ in range(count):
            account = make_account(self.seed, len(self.accounts), self.now())
            self.add_account(account, self.balance)
            line = {"uid": account.uid, "created": account.created, "balance": self.balance}
            self.journal.note("account", line)
            made.append(account)
        return made

    def add_account(self, account: Account, balance: Decimal) -> None:
        self.accounts[account.key] = account
        self.by_uid[account.uid] = account
        first = ApiKey(account.key, account.uid, HMAC, account.secret, account.created)
        self.keys[first.key] = first
        deposit(self.books, account, STARTING_ASSET, balance)

    def new_order_id(self) -> int:
        self.next_order_id += 1
        return self.next_order_id - 1

    def make_fill(
        self, order: Order, price: Decimal, qty: Decimal, *, maker: bool, at: int
    ) -> Fill:
        rules = self.rules(order.symbol)
        received, asset = (qty, rules.base) if order.is_buy else (price * qty, rules.quote)
        trade_id = self.next_trade_id
        self.next_trade_id += 1
        return Fill(trade_id, price, qty, commission_on(received), asset, maker, at)

    def admit_order(self, order: Order, fills: list[Fill], status: str) -> None:
        """Take an accepted order in with what it traded at once."""
        account = self.by_uid[order.uid]
        account.orders.append(order)
        account.named[order.symbol, order.client_id] = order
        self._book(order, fills)
        order.status = status
        self.totals["orders_accepted"] += 1
        if order.is_open:
            reserve(account, self.rules(order.symbol), order)
            account.open_orders[order.order_id] = order
            self.resting[order.symbol][order.order_id] = order
        now = self.now()
        self._tell(order, now, lambda: placed_events(order, fills, now))

    def fill_resting(self, order: Order, fills: list[Fill]) -> None:
        """Book what a resting order traded: its whole rest, or what a stop found in the book."""
        if order.is_stop:
            # From here on it is a market order, which pays from what is free.
            account = self.by_uid[order.uid]
            release(account, self.rules(order.symbol), order)
        self._book(order, fills)
        order.status = "EXPIRED" if order.left else "FILLED"
        self._forget_open(order)
        now = self.now()
        self._tell(order, now, lambda: ended_events(order, fills, now))

    def drop_order(self, order: Order, at: int, cancel_id: str = "") -> None:
        """Cancel an open order and give back what it had locked."""
        account = self.by_uid[order.uid]
        release(account, self.rules(order.symbol), order)
        order.status = "CANCELED"
        order.updated = account.updated = at
        self.totals["cancels_accepted"] += 1
        self._forget_open(order)
        self._tell(
            order, at, lambda: [report(order, "CANCELED", "CANCELED", at, cancel_id=cancel_id)]
        )

    def move_money(self, account: Account, asset: str, delta: Decimal) -> None:
        """Pay in (or out, below zero) without a trade, and tell the account's streams."""
        deposit(self.books, account, asset, delta)
        account.updated = now = self.now()
        self.streams.publish(
            account.uid,
            now,
            lambda: [balance_event(asset, delta, now), position_event(account, [asset], now)],
        )

    def count_refusal(self, endpoint: str) -> None:
        self.totals["orders_rejected" if endpoint.startswith("POST") else "cancels_rejected"] += 1

    def note_stretches(self) -> None:
        if isinstance(self.market, GeneratedMarket):
            last = self.market.stretches[-1]
            self.journal.note("stretch", {"time": last.time, "index": last.index})

    def note_alive(self) -> None:
        self._alive_at = self.market.now
        self.journal.note("alive", {"at": self.now(), "market": self.market.now})

    def _book(self, order: Order, fills: Iterable[Fill]) -> None:
        account, rules = self.by_uid[order.uid], self.rules(order.symbol)
        for fill in fills:
            settle_fill(self.books, account, rules, order, fill)
            self.governor.give_back(order, fill.at)
            self.totals["fills"] += 1

    def _tell(self, order: Order, now: int, make: Callable[[], list[Json]]) -> None:
        """Send an order's events, and the balances after them."""
        account, rules = self.by_uid[order.uid], self.rules(order.symbol)
        assets = (rules.base, rules.quote)
        self.streams.publish(
            order.uid, now, lambda: [*make(), position_event(account, assets, now)]
        )

    def _forget_open(self, order: Order) -> None:
        del self.by_uid[order.uid].open_orders[order.order_id]
        del self.resting[order.symbol][order.order_id]

    def _sweep(self, symbol: str, orders: list[Order], since: int, until: int) -> None:
        listing = self.market.listings[symbol]
        extremes = listing.series.extremes(since, until)
        if extremes is None:
            return
        low, high = (listing.decimal(ticks) for ticks in extremes)
        for order in orders:
            if is_crossed(listing.rules, order, low, high):
                fills = self._met(listing.rules, order, high)
                self.fill_resting(order, fills)
                self.journal.add(describe_match(order, fills))

    def _met(self, rules: SymbolRules, order: Order, high: Decimal) -> list[Fill]:
        """Make the trades of a resting order that the market has met."""
        now = self.now()
        if not order.is_stop:
            return [self.make_fill(order, order.price, order.left, maker=True, at=now)]
        return [
            self.make_fill(order, piece.price, piece.qty, maker=False, at=now)
            for piece in take_stopped(rules, order, high).pieces
        ]

    def _stretch_count(self) -> int:
        return len(getattr(self.market, "stretches", ()))
