"""Is a form read as text, whole, and only when it is one of ours?"""

from typing import Any, cast

import pytest
from litestar import Request
from litestar.exceptions import ClientException
from litestar.types import HTTPRequestEvent

from nexus.core.forms import Form, read_form


class Note(Form, frozen=True):
    title: str = ""
    text: str = ""


def request(
    body: bytes, content_type: str = "application/x-www-form-urlencoded"
) -> Request[Any, Any, Any]:
    async def receive() -> HTTPRequestEvent:
        return {"type": "http.request", "body": body, "more_body": False}

    class Handler:
        def resolve_request_max_body_size(self) -> int:
            return 64 * 1024

    scope = {
        "type": "http",
        "method": "POST",
        "headers": [(b"content-type", content_type.encode())],
        "state": {},
        "route_handler": Handler(),
    }
    return Request(cast("Any", scope), cast("Any", receive))


async def test_fields_are_text_and_stay_what_was_typed() -> None:
    note = await read_form(request(b"title=+1.50&text=%22true%22+%C3%A9%0D%0A&csrf_token=t"), Note)
    assert note == Note(title=" 1.50", text='"true" é\r\n', csrf_token="t")
    assert await read_form(request(b"title=null"), Note) == Note(title="null")


async def test_what_is_missing_is_empty() -> None:
    assert await read_form(request(b""), Note) == Note()


@pytest.mark.parametrize(
    "body",
    [
        b"title=a&unknown=b",
        b"title=a&title=b",
        b"title=%ff",
        b"title=\xff",
        b"title=a%00b",
        b"&".join(b"f%d=" % n for n in range(101)),
    ],
)
async def test_what_is_no_form_of_ours_is_refused(body: bytes) -> None:
    with pytest.raises(ClientException) as refused:
        await read_form(request(body), Note)
    assert refused.value.status_code == 400


async def test_another_kind_of_body_is_no_form() -> None:
    json = request(b'{"title": "a"}', "application/json")
    assert await read_form(json, Note) == Note()


def test_a_form_shows_nothing_of_what_was_typed() -> None:
    assert "canary" not in f"{Note(title='canary')!r} {Note(title='canary')}"
