"""The pages of what people agree to: the documents, and the page that asks when they changed."""

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from nexus.accounts import consent
from nexus.accounts.ask_consent import BEFORE_CONSENT, CONSENT
from nexus.accounts.forms import ConsentForm
from nexus.accounts.guard import local_path
from nexus.accounts.sessions import Person
from nexus.core.client import client_network
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.web import PUBLIC, AnyRequest, page, see_other


@get("/terms", opt={PUBLIC: True})
async def show_terms(request: AnyRequest) -> Response[Any]:
    """Show the terms of use."""
    return _document_page(request, "terms")


@get("/risk", opt={PUBLIC: True})
async def show_risk(request: AnyRequest) -> Response[Any]:
    """Show the risk disclosure."""
    return _document_page(request, "risk")


@get(CONSENT, opt={BEFORE_CONSENT: True})
async def show_consent(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    wanted: Annotated[str, QueryParameter(name="next")] = "/",
) -> Response[Any]:
    """Ask for what has not been accepted as it reads today, or go on when nothing is missing."""
    missing = await consent.missing(tx, person.id)
    if not missing:
        return see_other(local_path(wanted))
    return _consent_page(request, missing, wanted, {})


@post(CONSENT, opt={BEFORE_CONSENT: True})
async def take_consent(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Write down what was accepted; every box that was shown must be ticked."""
    form = await read_form(request, ConsentForm)
    missing = await consent.missing(tx, person.id)
    ticked = {"terms": form.terms, "risk": form.risk}
    # What was ticked is the version that was shown: a page of an older one accepts nothing.
    errors = {
        document.name: f"Accept the {document.title.lower()} to go on."
        for document in missing
        if ticked[document.name] != document.version
    }
    if errors:
        return _consent_page(request, missing, form.next, errors, 422)
    if missing:
        versions = {document.name: document.version for document in missing}
        await consent.accept(tx, person.id, versions, network=client_network(request))
    return see_other(local_path(form.next))


def _document_page(request: AnyRequest, name: str) -> Response[Any]:
    document = next(known for known in consent.DOCUMENTS if known.name == name)
    return page(request, f"accounts/documents/{name}.html", document=document)


def _consent_page(
    request: AnyRequest,
    missing: list[consent.Document],
    wanted: str,
    errors: dict[str, str],
    status_code: int = 200,
) -> Response[Any]:
    return page(
        request,
        "accounts/consent.html",
        status_code=status_code,
        documents=missing,
        next=local_path(wanted),
        errors=errors,
    )


route_handlers = [show_terms, show_risk, show_consent, take_consent]
