"""The page of this folder: the mails we would send, in development."""

from typing import Any

from litestar import Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException

from nexus.core.db import Transaction
from nexus.core.web import PUBLIC, AnyRequest, page
from nexus.mail.mailbox import MAILBOX, mailbox_path, newest_mails


@get(MAILBOX, opt={PUBLIC: True})
async def show_mailbox(
    request: AnyRequest, tx: NamedDependency[Transaction], state: State
) -> Response[Any]:
    """Show the newest mails; anywhere but in development there is nothing here."""
    if mailbox_path(state.settings) is None:
        raise NotFoundException
    return page(request, "development/mail.html", mails=await newest_mails(tx))


route_handlers = [show_mailbox]
