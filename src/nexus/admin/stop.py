"""What is stopped, by whom and why? The switches, turned by hand and written into the audit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from nexus.accounts.audit import write_audit
from nexus.accounts.models import User
from nexus.accounts.sessions import Person
from nexus.admin.errors import ActRefusedError
from nexus.core.db import Transaction
from nexus.regime.models import Switch
from nexus.regime.record import set_switch
from nexus.regime.stops import ENTRIES, EVERYTHING
from nexus.strategy.border import Strategy

BY_PERSON = "user:"
ACTS: Final = {
    "pause": (ENTRIES, True),
    "resume": (ENTRIES, False),
    "stop": ("", True),
    "release": ("", False),
}
"""What a button does: which of a scope's two switches it turns, and which way."""


@dataclass(frozen=True, slots=True)
class SwitchView:
    """A switch, whether it was ever turned or not."""

    name: str
    label: str
    stopped: bool
    reason: str
    changed_at: datetime | None
    changed_by: str


@dataclass(frozen=True, slots=True)
class ScopeView:
    """What can be stopped as one: everything, or a strategy. Its two switches."""

    name: str
    label: str
    orders: SwitchView
    """Stops every order: what bots hold, they keep."""
    entries: SwitchView
    """Stops what buys: exits are followed."""

    @property
    def turned(self) -> list[SwitchView]:
        """The switches that were ever turned, to say who did and why."""
        return [switch for switch in (self.orders, self.entries) if switch.changed_at]


async def view_scopes(tx: Transaction, strategies: Iterable[Strategy]) -> list[ScopeView]:
    """Read what can be stopped: everything, and each strategy that is hosted or was stopped."""
    names = {EVERYTHING: "Everything"}
    names |= {f"strategy:{known.name}": known.label for known in strategies}
    turned = {row.name: row for row in await tx.scalars(select(Switch))}
    scopes = [name.removeprefix(ENTRIES) for name in turned]
    names |= {name: name for name in scopes if name not in names}
    people = await _people(tx, turned.values())
    return [
        ScopeView(
            name,
            label,
            _view(name, label, turned.get(name), people),
            _view(f"{ENTRIES}{name}", f"{label}: entries", turned.get(f"{ENTRIES}{name}"), people),
        )
        for name, label in names.items()
    ]


async def turn_switch(
    tx: Transaction, actor: Person, scope: ScopeView, act: str, *, reason: str, network: str
) -> None:
    """Stop or release; raise ActRefusedError for another act, and for what is so already.

    A reason that somebody wrote for a stop must not be overwritten by a second press.
    """
    if act not in ACTS:
        raise ActRefusedError("", "Press one of the buttons.")
    prefix, stopped = ACTS[act]
    switch = scope.entries if prefix else scope.orders
    if switch.stopped == stopped:
        state = "stopped" if stopped else "running"
        raise ActRefusedError("", f"{switch.label} is {state} already. Nothing was changed.")
    await set_switch(tx, switch.name, stopped=stopped, reason=reason, by=f"{BY_PERSON}{actor.id}")
    await write_audit(
        tx,
        "switch_stopped" if stopped else "switch_released",
        user_id=None, actor_id=actor.id, network=network, switch=switch.name, reason=reason,
    )  # fmt: skip


def _view(name: str, label: str, row: Switch | None, people: dict[str, str]) -> SwitchView:
    if row is None:
        return SwitchView(name, label, stopped=False, reason="", changed_at=None, changed_by="")
    by = people.get(row.changed_by, row.changed_by)
    return SwitchView(name, label, row.stopped, row.reason, row.changed_at, by)


async def _people(tx: Transaction, switches: Iterable[Switch]) -> dict[str, str]:
    """Read the addresses of those who turned them, by the name the switch keeps of them."""
    ids = {row.changed_by.removeprefix(BY_PERSON) for row in switches}
    known = select(User.id, User.email).where(User.id.in_([int(i) for i in ids if i.isdecimal()]))
    return {f"{BY_PERSON}{user_id}": email for user_id, email in await tx.execute(known)}
