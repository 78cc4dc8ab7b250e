"""The gate's page: what it said, when and why, searched by symbol, reason and day."""

from urllib.parse import urlencode

from litestar import Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency

from nexus.accounts.sessions import Person
from nexus.core.db import Transaction
from nexus.core.web import AnyRequest, page
from nexus.feed.search_gate import SHOWS, read_search, search_gate
from nexus.regime.reason_words import REASONS

FIELDS = ("show", "symbol", "reason", "since", "until")


@get("/gate")
async def show_gate(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[str]:
    """Show the newest lines that were looked for; what was typed stays in the form."""
    del person
    typed = {name: request.query_params.get(name, "")[:100] for name in (*FIELDS, "before")}
    search, errors = read_search(typed, state.settings.symbols)
    lines, more = ([], None) if errors else await search_gate(tx, search)
    kept = {name: typed[name] for name in FIELDS if typed[name]}
    return page(
        request,
        "market/gate.html",
        block="lines",
        status_code=422 if errors else 200,
        search=search,
        form=typed,
        errors=errors,
        symbols=state.settings.symbols,
        reasons=REASONS,
        shows=SHOWS,
        lines=lines,
        older=f"/gate?{urlencode({**kept, 'before': more})}" if more else None,
    )


route_handlers = [show_gate]
