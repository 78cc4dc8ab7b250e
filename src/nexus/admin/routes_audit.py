"""The room where the audit is: what everybody did, and whether it still is what was written."""

from typing import Annotated

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from nexus.accounts.audit import write_audit
from nexus.accounts.roles import ROOMS, staff
from nexus.accounts.sessions import Person
from nexus.accounts.verify_audit import verify_audit
from nexus.admin.forms import read_id
from nexus.admin.queries import ENTRIES_AT_ONCE, count_entries, view_entries
from nexus.core.client import client_network
from nexus.core.db import Transaction
from nexus.core.web import AnyRequest, page

AUDIT = f"{ROOMS}/audit"
MOST_SHOWN = 20
"""A broken chain is broken at one place or at thousands; twenty sentences tell which."""


@get(AUDIT, opt=staff("reader"))
async def show_audit(
    request: AnyRequest,
    tx: NamedDependency[Transaction],
    before: Annotated[str, QueryParameter()] = "",
) -> Response[str]:
    """Show the audit, newest first; an entry that was changed says so."""
    entries = await view_entries(tx, before=read_id(before))
    more = entries[-1].id if len(entries) == ENTRIES_AT_ONCE else None
    written = await count_entries(tx)
    return page(request, "admin/audit.html", entries=entries, more=more, written=written)


@get(f"{AUDIT}/check", opt=staff("reader"))
async def check_audit(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[str]:
    """Walk the whole chain, and say in sentences what does not fit."""
    sentences = []
    async for finding in verify_audit(tx):
        sentences.append(finding.sentence)
        if len(sentences) >= MOST_SHOWN:
            break
    written = await count_entries(tx)
    await write_audit(
        tx, "audit_checked",
        user_id=None, actor_id=person.id, network=client_network(request), found=len(sentences),
    )  # fmt: skip
    return page(request, "admin/audit_check.html", sentences=sentences, written=written)


route_handlers = [show_audit, check_audit]
