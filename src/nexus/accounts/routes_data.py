"""What we hold about somebody: they take it along, or leave."""

from collections.abc import AsyncIterator
from tempfile import TemporaryFile
from typing import IO, Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Stream

from nexus.accounts.delete import GRACE, ask_deletion, take_back
from nexus.accounts.errors import AccountRefusedError, TooManyAttemptsError
from nexus.accounts.export import export_person
from nexus.accounts.forms import ConfirmForm, DeleteForm
from nexus.accounts.refuse import Errors, answer_refusal
from nexus.accounts.sessions import Person
from nexus.accounts.step_up import STEP_UP
from nexus.core.client import client_network
from nexus.core.db import Database, Transaction
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import AnyRequest, page, see_other

DATA = "/settings/data"
DOWNLOAD = f"{DATA}/download"
DELETE = f"{DATA}/delete"
CHUNK = 64 * 1024


@get(DATA)
async def show_data(request: AnyRequest) -> Response[Any]:
    """Offer the download and the deletion, or the way back from it."""
    return page(request, "settings/data.html", grace_days=GRACE.days)


@get(DOWNLOAD, opt={STEP_UP: True})
async def show_download(request: AnyRequest) -> Response[Any]:
    """Say what the file holds."""
    return _download_page(request, {})


@post(DOWNLOAD, opt={STEP_UP: True}, status_code=200)
async def take_download(
    request: AnyRequest, person: NamedDependency[Person], database: NamedDependency[Database]
) -> Stream | Response[Any]:
    """Give the file."""
    await read_form(request, ConfirmForm)
    file = TemporaryFile()  # noqa: SIM115  it is closed when all of it has been sent
    try:
        await export_person(
            database, request.app.state.throttle, person, client_network(request), file
        )
    except BaseException as error:
        file.close()
        if isinstance(error, TooManyAttemptsError):
            return answer_refusal(error, lambda *shown: _download_page(request, *shown))
        raise
    return Stream(
        _chunks(file),
        media_type="application/zip",
        headers={
            "Content-Disposition": 'attachment; filename="nexus-data.zip"',
            "Content-Length": str(file.tell()),
        },
    )


@get(DELETE, opt={STEP_UP: True})
async def show_delete(request: AnyRequest) -> Response[Any]:
    """Say what is deleted and when, and ask for the address as a confirmation."""
    return _delete_page(request, "", {})


@post(DELETE, opt={STEP_UP: True})
async def take_delete(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Begin the days of grace."""
    form = await read_form(request, DeleteForm)
    try:
        await ask_deletion(tx, site_of(request), person, form.email, client_network(request))
    except AccountRefusedError as refused:
        return answer_refusal(refused, lambda *shown: _delete_page(request, form.email, *shown))
    return see_other(DATA)


@post(f"{DATA}/keep")
async def keep(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Keep the account after all."""
    await read_form(request, ConfirmForm)
    await take_back(tx, person, client_network(request))
    return see_other(DATA)


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    """Read a file from its beginning, a piece at a time, and close it."""
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def _download_page(request: AnyRequest, errors: Errors, status_code: int = 200) -> Response[Any]:
    return page(request, "settings/download.html", status_code=status_code, errors=errors)


def _delete_page(
    request: AnyRequest, email: str, errors: Errors, status_code: int = 200
) -> Response[Any]:
    return page(
        request,
        "settings/delete.html",
        status_code=status_code,
        email=email,
        errors=errors,
        grace_days=GRACE.days,
    )


route_handlers = [show_data, show_download, take_download, show_delete, take_delete, keep]
