"""What did somebody type into a form? Text by field name, and nothing that was not asked for.

Litestar's own form parsing keeps the last 1,024 bodies in an `lru_cache`, passwords and exchange
keys among them, so we parse by ourselves and keep nothing.
"""

from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.exceptions import ClientException

MAX_FIELDS = 100
URL_ENCODED = "application/x-www-form-urlencoded"

UNREADABLE = "The body is not a form of this page."


class Form(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """The base of every form: all fields are text with a default, `csrf_token` is always there.

    A field without a default would turn a missing one into a bare error; with "" the form can
    say beside the field what is needed.
    """

    csrf_token: str = ""

    def __repr__(self) -> str:
        """Show no field: what people typed must not reach a log by way of an exception."""
        return f"{type(self).__name__}(...)"


F = TypeVar("F", bound=Form)


async def read_form(request: Request[Any, Any, Any], shape: type[F]) -> F:
    """Read the request's form; raise ClientException (400) when it is not of this shape."""
    try:
        return msgspec.convert(await form_fields(request), shape)
    except msgspec.ValidationError:
        raise ClientException(UNREADABLE) from None


def form_in_address(request: Request[Any, Any, Any], shape: type[F]) -> F:
    """Give a form as the page's address fills it in; what it does not name stays empty."""
    named = request.query_params
    return msgspec.convert(
        {field: named[field] for field in shape.__struct_fields__ if field in named}, shape
    )


async def form_fields(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Give a form's text by field name; empty when no form was sent.

    Raises ClientException (400) for a field sent twice, text that is not UTF-8, and zero bytes,
    which PostgreSQL cannot store.
    """
    if request.content_type[0] != URL_ENCODED:
        return {}
    body = await request.body()
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        raise ClientException(UNREADABLE) from None
    fields = dict(pairs)
    if len(fields) != len(pairs) or "\0" in "".join(fields.values()):
        raise ClientException(UNREADABLE)
    return fields
