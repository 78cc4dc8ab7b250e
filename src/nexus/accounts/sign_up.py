"""How does a stranger ask to become a person? The same work and answer for every address.

Nothing is promised before the mail is answered: what was typed waits in `sign_ups`, and only
`verify.py` makes a person of it. For an address that has an account the same row is written and a
mail is sent as well, so that neither the answer nor its time tells who is here.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy import delete, select, update

from nexus.accounts.errors import TooManyAttemptsError
from nexus.accounts.models import SignUp, User
from nexus.accounts.passwords import hash_password
from nexus.accounts.register import check_email, email_key
from nexus.core.clock import now
from nexus.core.db import Database, Transaction
from nexus.core.site import Site
from nexus.core.throttle import Rule, Throttle
from nexus.mail.outbox import post

log = structlog.get_logger()

GOOD_FOR: Final = timedelta(minutes=30)
TRIES: Final = 5
DIGITS: Final = 8

PER_NETWORK: Final = Rule("sign-up-network", limit=20, seconds=60 * 60)
# Each is a mail that somebody may not have wanted.
PER_ADDRESS: Final = Rule("sign-up-address", limit=6, seconds=60 * 60)


@dataclass(frozen=True)
class Wish:
    """What a stranger typed, and where."""

    email: str
    password: str = field(repr=False)
    consents: Mapping[str, str]
    """The version of each document they accepted."""
    visitor: str = field(repr=False)
    """The browser's visitor cookie: in this browser the code counts."""
    network: str


@dataclass(frozen=True)
class Proofs:
    """What only a reader of the mail can know."""

    token: str = field(repr=False)
    code: str = field(repr=False)


async def ask_to_join(database: Database, throttle: Throttle, site: Site, wish: Wish) -> None:
    """Write the wish down and send a mail; raise AccountRefusedError or SignInRefusedError.

    No connection is held while the password is hashed, because that takes long on purpose.
    """
    email = check_email(wish.email)
    await _count(throttle, email, wish.network)
    password_hash = await hash_password(wish.password, email)
    proofs = make_proofs()
    moment = now()
    async with database.transaction() as tx:
        await _forget(tx, visitor_sha256=_hash(wish.visitor))
        tx.add(
            SignUp(
                email=email,
                password_hash=password_hash,
                visitor_sha256=_hash(wish.visitor),
                token_sha256=_hash(proofs.token),
                code_hmac=keyed(site, proofs.code),
                tries=0,
                consents=dict(wish.consents),
                network=wish.network,
                created_at=moment,
                expires_at=moment + GOOD_FOR,
            )
        )
        await _send(tx, site, email, proofs)
    log.info("sign_up_asked", network=wish.network)


async def send_again(
    database: Database, throttle: Throttle, site: Site, waiting: SignUp, network: str
) -> None:
    """Send another mail, whose link and code replace those before; raise SignInRefusedError."""
    await _count(throttle, waiting.email, network)
    proofs = make_proofs()
    async with database.transaction() as tx:
        await tx.execute(
            update(SignUp)
            .where(SignUp.id == waiting.id)
            .values(
                token_sha256=_hash(proofs.token),
                code_hmac=keyed(site, proofs.code),
                tries=0,
                expires_at=now() + GOOD_FOR,
            )
        )
        await _send(tx, site, waiting.email, proofs)


async def waiting_in(tx: Transaction, visitor: str) -> SignUp | None:
    """Find what this browser waits for; None when nothing, or not any more."""
    found: SignUp | None = await tx.scalar(
        select(SignUp).where(SignUp.visitor_sha256 == _hash(visitor), SignUp.expires_at > now())
    )
    return found


async def waiting_for(tx: Transaction, token: str) -> SignUp | None:
    """Find what a mail's link belongs to; None when to nothing, or not any more."""
    found: SignUp | None = await tx.scalar(
        select(SignUp).where(SignUp.token_sha256 == _hash(token), SignUp.expires_at > now())
    )
    return found


def was_asked_in(waiting: SignUp, visitor: str) -> bool:
    """Say whether this browser is the one that the password was typed in."""
    return hmac.compare_digest(waiting.visitor_sha256, _hash(visitor))


def keyed(site: Site, code: str) -> bytes:
    """Hash a code with our secret."""
    return hmac.new(
        site.secret, b"nexus.sign-up-code.v1\0" + code.encode(), hashlib.sha256
    ).digest()


def make_proofs() -> Proofs:
    """Make a link's token and a code of the digits that a phone can keep in mind."""
    return Proofs(secrets.token_urlsafe(32), f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}")


async def _count(throttle: Throttle, email: str, network: str) -> None:
    wait = await throttle.take(PER_NETWORK, network)
    wait = wait or await throttle.take(PER_ADDRESS, email_key(email))
    if wait:
        raise TooManyAttemptsError(wait)


async def _forget(tx: Transaction, *, visitor_sha256: bytes) -> None:
    """Forget what ran out, and what this browser asked for before."""
    await tx.execute(
        delete(SignUp).where(
            (SignUp.expires_at <= now()) | (SignUp.visitor_sha256 == visitor_sha256)
        )
    )


async def _send(tx: Transaction, site: Site, email: str, proofs: Proofs) -> None:
    """Send a way in, or to somebody who has one a reminder of it; a mail either way."""
    is_known = await tx.scalar(select(User.id).where(User.email_key == email_key(email)))
    kind, values = _mail(site, proofs, is_known=is_known is not None)
    await post(tx, kind, email, **values)


def _mail(site: Site, proofs: Proofs, *, is_known: bool) -> tuple[str, dict[str, Any]]:
    if is_known:
        return "known_here", {
            "sign_in": f"{site.base_url}/sign-in",
            "forgot": f"{site.base_url}/forgot",
        }
    return "verify", {
        "link": f"{site.base_url}/verify?token={proofs.token}",
        "code": spaced(proofs.code),
    }


def spaced(code: str) -> str:
    """Write a code in two halves, which are easier to carry from a mail to a form."""
    half = len(code) // 2
    return f"{code[:half]} {code[half:]}"


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
