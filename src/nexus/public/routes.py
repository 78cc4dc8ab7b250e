"""The pages anybody may see: tiers, status, security, promises; and the first page's content."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import structlog
from litestar import Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.exceptions import NotFoundException
from sqlalchemy.exc import SQLAlchemyError

from nexus.billing.welcome import FIRST_TIER
from nexus.core.clock import now
from nexus.core.db import Database, Transaction
from nexus.core.health import read_facts
from nexus.core.render import quote_currency
from nexus.core.web import PUBLIC, AnyRequest, public_page
from nexus.public.document import draw_document, quote_in
from nexus.public.queries import tiers
from nexus.public.status import Line, SymbolLine, process_lines, symbol_lines, trading_lines

log = structlog.get_logger()

PROMISES: Final = Path(__file__).resolve().parents[3] / "docs" / "promises.md"
MINUTES_5: Final = 300
STATUS_SECONDS: Final = 5
SECURITY_TXT_DAYS: Final = 90


async def landing(request: AnyRequest, tx: Transaction, state: State) -> Response[str]:
    """Show what Nexus is to whoever is not signed in; `/` of `feed/routes.py` asks for it."""
    return public_page(
        request,
        "public/landing.html",
        records=await state.track_records.read(tx),
        tiers=await tiers(tx),
        currency=quote_currency(state.settings.symbols[0]),
        first_tier=FIRST_TIER,
        proved=_proved(),
    )


@cache
def _proved() -> str:
    """Give what the newest whole run of `make prove` saw, drawn; empty in a house without docs."""
    return quote_in(PROMISES.read_text(encoding="utf-8")) if PROMISES.is_file() else ""


@get("/pricing", opt={PUBLIC: True})
async def show_pricing(
    request: AnyRequest, tx: NamedDependency[Transaction], state: State
) -> Response[str]:
    """Show what each tier allows."""
    return public_page(
        request,
        "public/pricing.html",
        seconds=MINUTES_5,
        tiers=await tiers(tx),
        currency=quote_currency(state.settings.symbols[0]),
        first_tier=FIRST_TIER,
    )


@get("/status", opt={PUBLIC: True})
async def show_status(
    request: AnyRequest, database: NamedDependency[Database], state: State
) -> Response[str]:
    """Show how Nexus is now. It answers without a database too: that is when people ask."""
    facts = await read_facts(state)
    lines = process_lines(facts, state.settings)
    symbols: list[SymbolLine] = []
    if facts["database"] == facts["migrations"] == "ok":
        more, symbols = await _recorded(database, state)
        lines += more
    return public_page(
        request, "public/status.html", seconds=STATUS_SECONDS, lines=lines, symbols=symbols
    )


async def _recorded(database: Database, state: State) -> tuple[list[Line], list[SymbolLine]]:
    try:
        async with database.transaction() as tx:
            return await trading_lines(tx), await symbol_lines(tx, state.settings)
    except (SQLAlchemyError, OSError) as error:
        log.warning("status_not_read", error=str(error))
        return [], []


@get("/security", opt={PUBLIC: True}, sync_to_thread=False)
def show_security(request: AnyRequest, state: State) -> Response[str]:
    """Show how keys and accounts are protected, and where to report a weakness."""
    return public_page(
        request,
        "public/security.html",
        seconds=MINUTES_5,
        contact=state.settings.security_contact,
    )


@get("/promises", opt={PUBLIC: True}, sync_to_thread=True)
def show_promises(request: AnyRequest) -> Response[str]:
    """Show the promises and what was seen when we tried to break them, word for word."""
    if not PROMISES.is_file():
        raise NotFoundException
    document = draw_document(PROMISES.read_text(encoding="utf-8"))
    return public_page(request, "public/promises.html", seconds=MINUTES_5, document=document)


@get("/.well-known/security.txt", opt={PUBLIC: True}, sync_to_thread=False)
def give_security_txt(state: State) -> Response[Any]:
    """Say where to report a weakness (RFC 9116); without a contact there is no such file."""
    settings = state.settings
    if not settings.security_contact:
        raise NotFoundException
    expires = (now() + timedelta(days=SECURITY_TXT_DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = (
        f"Contact: {settings.security_contact}",
        f"Expires: {expires}",
        "Preferred-Languages: en",
        f"Canonical: {settings.base_url}/.well-known/security.txt",
        f"Policy: {settings.base_url}/security",
    )
    return Response(
        "\n".join(lines) + "\n",
        media_type=MediaType.TEXT,
        headers={"Cache-Control": f"public, max-age={MINUTES_5}"},
    )


route_handlers = [show_pricing, show_status, show_security, show_promises, give_security_txt]
