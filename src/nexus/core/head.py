"""How is HEAD answered? As GET is, without the body: link checkers and monitors ask that way."""

from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send


def answer_head(app: ASGIApp) -> ASGIApp:
    """Wrap an app so that HEAD is answered wherever GET is.

    Outside of the app, because its router refuses the method before any middleware is asked.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "HEAD":
            await app(scope, receive, send)
            return
        ended = False

        async def send_head(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await send(message)
            elif message["type"] == "http.response.body" and not ended:
                # Ended at the first piece, or a stream would go on for somebody who is not there.
                ended = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        as_get: Any = {**scope, "method": "GET"}
        await app(as_get, receive, send_head)

    return answer
