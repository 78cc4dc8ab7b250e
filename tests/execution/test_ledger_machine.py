"""Can any order of events make two orders of one plan, lose one, or send one after a stop?

Hypothesis plays the world: an exchange that answers, loses answers, or starts a request late, and
workers that die between any two steps. The rules are the real ones, `weigh.py` and `states.py`;
only the database is replaced, by rows in memory that change as its statements change them.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from nexus.exchanges.protocol import (
    Accepted,
    Fill,
    NotPlaced,
    Outcome,
    Rejected,
    Report,
    Side,
    Unclear,
    VenueStatus,
)
from nexus.execution.states import (
    ENDED,
    Step,
    after_not_found,
    after_report,
    after_sending,
    fence_after,
    may_move,
    plan_after,
)
from nexus.execution.weigh import Candidate, Deny, Expire, Limits, Send, Wait, weigh

AT = datetime(2026, 1, 1, tzinfo=UTC)
RECV_WINDOW = timedelta(seconds=5)
LATEST_START = RECV_WINDOW + timedelta(seconds=10)
"""Later than this no copy of a request starts: window and the venue's own wait are over."""
BLIND = timedelta(seconds=2)
LIFE = timedelta(seconds=60)
ATTEMPTS = 2
LIMITS = Limits(Decimal(50), timedelta(seconds=60), timedelta(seconds=60))
LIVE = ("SENDING", "UNKNOWN", "ACKED")
PRICE = Decimal(100)


@dataclass
class Plan:
    """A row of execution_plans."""

    number: int
    bot: int
    side: Side
    not_before: datetime
    not_after: datetime
    status: str = "PLANNED"
    attempt: int = 0


@dataclass
class Order:
    """A row of orders."""

    name: str
    plan: Plan
    sent_at: datetime
    next_check_at: datetime | None
    status: str = "SENDING"
    checks: int = 0
    executed: Decimal = Decimal(0)
    held: bool = True
    """Whether the worker that claimed it still lives and has not recorded an answer."""


@dataclass
class Venue:
    """What the exchange knows: the orders it took, and the requests that have not started yet."""

    taken: dict[str, datetime] = field(default_factory=dict)
    under_way: dict[str, datetime] = field(default_factory=dict)
    """By client id: until when a copy of the request can still start."""


class Ledger(RuleBasedStateMachine):
    """Two bots on two accounts, one exchange, and everything that can come between them."""

    @initialize()
    def begin(self) -> None:
        self.at = AT
        self.plans: list[Plan] = []
        self.orders: dict[str, Order] = {}
        self.venue = Venue()
        self.stopped = False
        self.paused: set[int] = set()
        self.gate_open = True
        self.moved = Decimal(1)
        self.price_at = self.gate_at = AT

    @rule(
        bot=st.sampled_from([1, 2]),
        side=st.sampled_from(list(Side)),
        wait=st.sampled_from([0, 5]),
    )
    def plan(self, bot: int, side: Side, wait: int) -> None:
        due = self.at + timedelta(seconds=wait)
        self.plans.append(Plan(len(self.plans), bot, side, due, self.at + LIFE))

    @rule(seconds=st.sampled_from([1, 3, 8, 20, 40, 90]))
    def time_passes(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)
        for name, until in list(self.venue.under_way.items()):
            if until < self.at:
                del self.venue.under_way[name]  # The window is over: it never started.

    @rule(is_open=st.booleans(), moved=st.sampled_from(["1", "1.004", "1.02"]))
    def look_at_the_market(self, *, is_open: bool, moved: str) -> None:
        self.gate_open, self.moved = is_open, Decimal(moved)
        self.price_at = self.gate_at = self.at

    @rule()
    def see_prices_alone(self) -> None:
        """See the market without reading it: prices are fresh, the verdict is not."""
        self.price_at = self.at

    @rule(stopped=st.booleans())
    def turn_the_switch(self, *, stopped: bool) -> None:
        self.stopped = stopped

    @rule(bot=st.sampled_from([1, 2]))
    def pause_or_resume(self, bot: int) -> None:
        self.paused ^= {bot}

    @precondition(lambda self: any(plan.status == "PLANNED" for plan in self.plans))
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        """Any worker may claim any waiting plan at any moment: rings come twice and late."""
        plan = data.draw(st.sampled_from([p for p in self.plans if p.status == "PLANNED"]))
        match weigh(self._candidate(plan), self.at, self._stops(), LIMITS):
            case Send():
                plan.status, plan.attempt = "ORDERED", plan.attempt + 1
                name = f"{plan.number}/{plan.attempt}"
                check = self.at + fence_after(RECV_WINDOW)
                self._may_be_sent(plan)
                self.orders[name] = Order(name, plan, self.at, check)
            case Deny():
                plan.status = "DENIED"
            case Expire():
                plan.status = "EXPIRED_UNSENT"
            case Wait():
                pass

    def _may_be_sent(self, plan: Plan) -> None:
        """Judge a claim without asking the rules: what we promise people."""
        assert not self.stopped, "claimed while everything was stopped"
        assert self.at <= plan.not_after, "claimed too late"
        assert self.at >= plan.not_before, "claimed before its time"
        assert self._live(plan.bot) == [], "claimed beside a live order of the same bot"
        assert self.at - self.price_at <= LIMITS.price_max_age, "claimed without a fresh price"
        if plan.side is Side.BUY:
            assert plan.bot not in self.paused, "an entry of a paused bot"
            assert self.gate_open, "an entry against the gate"
            assert self.at - self.gate_at <= LIMITS.gate_max_age, "an entry on an old verdict"
            assert self.moved <= Decimal("1.005"), "an entry at a price that has run away"

    @precondition(lambda self: self._held())
    @rule(data=st.data(), how=st.sampled_from(["filled", "part", "rejected", "slow", "limit"]))
    def send_and_record(self, data: st.DataObject, how: str) -> None:
        order = data.draw(st.sampled_from(self._held()))
        outcome = self._answer(order, how)
        order.held = False
        again = timedelta(seconds=outcome.retry_after) if isinstance(outcome, NotPlaced) else None
        report = outcome.report if isinstance(outcome, Accepted) else None
        self._record(order, after_sending(outcome, fence_after(RECV_WINDOW)), report, again)

    def _answer(self, order: Order, how: str) -> Outcome:
        if how == "rejected":
            return Rejected(-2010, "no money")
        if how == "limit":
            return NotPlaced(-1003, "too many requests", retry_after=5.0)
        if how == "slow":
            # No answer. It may start as long as its window is open, or never.
            self.venue.under_way[order.name] = order.sent_at + LATEST_START
            return Unclear("no answer")
        if self.at > order.sent_at + RECV_WINDOW:
            return NotPlaced(-1021, "outside of the recvWindow", retry_after=1.0)
        self._take(order.name)
        return Accepted(self._report(order.name, whole=how == "filled"))

    @precondition(lambda self: self._held())
    @rule(data=st.data(), sent=st.booleans())
    def worker_dies(self, data: st.DataObject, *, sent: bool) -> None:
        """Between claim and record: the request may have left, and may start late."""
        order = data.draw(st.sampled_from(self._held()))
        order.held = False
        if sent and self.at <= order.sent_at + LATEST_START:
            self.venue.under_way[order.name] = order.sent_at + LATEST_START

    @precondition(lambda self: self.venue.under_way)
    @rule(data=st.data())
    def request_starts_late(self, data: st.DataObject) -> None:
        self._take(data.draw(st.sampled_from(sorted(self.venue.under_way))))

    @precondition(lambda self: self._due())
    @rule(data=st.data())
    def sweep_and_ask(self, data: st.DataObject) -> None:
        self._ask(data.draw(st.sampled_from(self._due())))

    def _ask(self, order: Order) -> None:
        order.held = False
        taken = self.venue.taken.get(order.name)
        if taken is not None and self.at - taken >= BLIND:
            report = self._report(order.name)
            self._record(order, after_report(report), report)
            return
        order.checks += 1
        self._record(order, after_not_found(order.checks))

    def _record(
        self,
        order: Order,
        step: Step,
        report: Report | None = None,
        again_in: timedelta | None = None,
    ) -> None:
        """Move a row as `record.py` does: compare, set, and end or retry its plan."""
        if not may_move(order.status, step.status):
            return
        order.status = step.status
        order.next_check_at = None if step.ask_in is None else self.at + step.ask_in
        if report is not None:
            order.executed = report.executed_quantity
        if order.status in ENDED and order.plan.status == "ORDERED":
            used_up = order.plan.attempt >= ATTEMPTS
            again = plan_after(again_in, self.at, order.plan.not_after, used_up=used_up)
            if again is None:
                order.plan.status = "DONE"
            else:
                order.plan.status, order.plan.not_before = "PLANNED", again

    @invariant()
    def at_most_one_order_of_each_plan_was_taken(self) -> None:
        plans = [self.orders[name].plan.number for name in self.venue.taken]
        assert len(plans) == len(set(plans)), "two orders of one plan were accepted"

    @invariant()
    def each_order_that_may_live_is_looked_after(self) -> None:
        for order in self.orders.values():
            looked_after = order.held or order.next_check_at is not None
            assert looked_after or order.status in ENDED, f"{order} is forgotten"

    @invariant()
    def nothing_is_given_up_that_may_still_start(self) -> None:
        for name in self.venue.under_way:
            status = self.orders[name].status
            assert status in LIVE, f"{name} is {status} and may still start"

    def teardown(self) -> None:
        """Let everything come to rest, and compare: nothing may be lost, nothing be open."""
        for name in list(self.venue.under_way):
            self._take(name)
        for order in self._held():
            order.held = False
        for _ in range(30):
            self.at += timedelta(minutes=5)
            for order in self._due():
                self._ask(order)
        for order in self.orders.values():
            assert order.status in ENDED, f"{order} never ended"
            taken = order.name in self.venue.taken
            assert taken == (order.executed > 0), f"{order}: the exchange says {taken}"

    def _take(self, name: str) -> None:
        self.venue.under_way.pop(name, None)
        self.venue.taken[name] = self.at

    @staticmethod
    def _report(name: str, *, whole: bool = True) -> Report:
        done = Decimal(1) if whole else Decimal("0.5")
        status = VenueStatus.FILLED if whole else VenueStatus.EXPIRED
        fill = Fill(name, PRICE, done, Decimal(0), "USDT", AT)
        return Report(name, name, status, done, done * PRICE, (fill,))

    def _held(self) -> list[Order]:
        return [order for order in self.orders.values() if order.held]

    def _due(self) -> list[Order]:
        return [
            order
            for order in self.orders.values()
            if order.next_check_at is not None and order.next_check_at <= self.at
        ]

    def _live(self, bot: int) -> list[Order]:
        return [o for o in self.orders.values() if o.plan.bot == bot and o.status in LIVE]

    def _stops(self) -> frozenset[str]:
        return frozenset({"everything"} if self.stopped else ())

    def _candidate(self, plan: Plan) -> Candidate:
        return Candidate(
            plan_id=plan.number,
            action="add" if plan.side is Side.BUY else "exit",
            strategy="any",
            side=plan.side,
            reference_price=PRICE,
            not_before=plan.not_before,
            not_after=plan.not_after,
            bot_status="paused" if plan.bot in self.paused else "running",
            account_status="active",
            trade_is_open=True,
            entitled=True,
            bot_busy=bool(self._live(plan.bot)),
            account_busy=False,
            price=PRICE * self.moved,
            price_at=self.price_at,
            entries_allowed=self.gate_open,
            gate_code="" if self.gate_open else "REGIME",
            gate_at=self.gate_at,
        )


TestLedger = Ledger.TestCase
TestLedger.settings = settings(
    max_examples=300,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
