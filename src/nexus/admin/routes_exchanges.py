"""The room for the ways to the exchanges: what each address used, who is heard, which keys work."""

from litestar import Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency

from nexus.accounts.roles import ROOMS, staff
from nexus.admin.exchanges import view_connected, view_doubts, view_keys
from nexus.core.db import Transaction
from nexus.core.web import AnyRequest, page
from nexus.exchanges.queries import HEALTH_WORDS
from nexus.exchanges.registry import read_egress_states


@get(f"{ROOMS}/exchanges", opt=staff("reader"))
async def show_exchanges(
    request: AnyRequest, tx: NamedDependency[Transaction], state: State
) -> Response[str]:
    """Show what every address has used, and why one must wait."""
    return page(
        request, "admin/exchanges.html",
        ways=await read_egress_states(state.settings, state.redis),
        connected=await view_connected(tx),
        keys=await view_keys(tx),
        health_words=HEALTH_WORDS,
        doubts=await view_doubts(tx),
    )  # fmt: skip


route_handlers = [show_exchanges]
