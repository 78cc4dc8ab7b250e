"""What did this browser ask an issuer for? It is remembered until the answer comes, once."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from nexus.accounts.challenges import make_challenge, take_challenge
from nexus.accounts.openid import OpenIdClient, Question
from nexus.core.clock import now
from nexus.core.db import Database
from nexus.core.site import Site

KIND: Final = "oidc"
GOOD_FOR: Final = timedelta(minutes=10)
LONGEST_STATE: Final = 43

SIGN_IN: Final = "sign_in"
LINK: Final = "link"
PROVE: Final = "prove"


@dataclass(frozen=True, slots=True)
class Begun:
    """What was begun, and is now to be finished."""

    purpose: str
    """`sign_in`, `link` or `prove`."""
    question: Question = field(repr=False)
    wanted: str
    """The page to go on to."""
    asked_at: int
    """In seconds since 1970."""


async def begin(
    database: Database,
    site: Site,
    client: OpenIdClient,
    *,
    bound_to: str,
    purpose: str,
    wanted: str,
) -> str:
    """Give the issuer's address to send this browser to; raise IssuerAwayError."""
    nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    detail = {
        "issuer": client.issuer.name,
        "purpose": purpose,
        "nonce": nonce,
        "verifier": verifier,
        "wanted": wanted,
        "asked_at": int(now().timestamp()),
    }
    async with database.transaction() as tx:
        value = await make_challenge(tx, KIND, bound_to=bound_to, lives=GOOD_FOR, detail=detail)
    state = urlsafe_b64encode(value).rstrip(b"=").decode()
    question = Question(state, callback_address(site, client), nonce, verifier)
    return await client.ask(question, fresh=purpose == PROVE)


async def take_begun(
    database: Database, site: Site, client: OpenIdClient, state: str, *, bound_to: str
) -> Begun | None:
    """Give what this browser began with this issuer; None when nothing, or not any more.

    It is used up at once: whatever comes of it, the same answer is not taken twice.
    """
    async with database.transaction() as tx:
        detail = await take_challenge(tx, KIND, _value_of(state), bound_to=bound_to)
    if detail is None or detail["issuer"] != client.issuer.name:
        return None
    question = Question(state, callback_address(site, client), detail["nonce"], detail["verifier"])
    return Begun(detail["purpose"], question, detail["wanted"], detail["asked_at"])


def callback_address(site: Site, client: OpenIdClient) -> str:
    """Give the address the issuer sends browsers back to; one for each, so none is mistaken."""
    return f"{site.base_url}/openid/{client.issuer.name}/callback"


def _value_of(state: str) -> bytes:
    """Read a state; what cannot be one of ours is nobody's."""
    try:
        return urlsafe_b64decode(state[:LONGEST_STATE].encode("ascii") + b"=")
    except ValueError:
        return b""
