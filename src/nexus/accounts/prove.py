"""Is it still you? A proof finishes a sign-in that owes a second factor, or renews a session.

Whoever has a second factor must show it: the password alone proves nothing more then.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, update

from nexus.accounts.audit import write_audit
from nexus.accounts.errors import FactorRefusedError, SignInNeededError, TooManyAttemptsError
from nexus.accounts.models import Session, User
from nexus.accounts.passkeys import PROVE, ask_for_passkey, check_passkey
from nexus.accounts.passwords import verify_password
from nexus.accounts.recovery import count_recovery_codes, use_recovery_code
from nexus.accounts.sessions import Person, has_second_factor, rotate_session
from nexus.accounts.totp import use_totp
from nexus.core.client import client_network
from nexus.core.clock import now
from nexus.core.db import Database, Transaction
from nexus.core.site import Site
from nexus.core.throttle import Rule, Throttle
from nexus.core.web import AnyRequest
from nexus.mail.outbox import post

PER_SESSION: Final = Rule("proof-session", limit=5, seconds=15 * 60)
# A code of six digits falls to a patient guesser with many sessions, so the person counts too.
# Each way has a count of its own: who hammers at one does not close the others to the owner.
PER_PERSON: Final = Rule("proof-person", limit=20, seconds=60 * 60)

WRONG_PASSWORD: Final = "This password is wrong. Try again."  # noqa: S105  a sentence
WRONG_CODE: Final = (
    "This code is wrong, or it was used already. Wait for the next one in your app and write that."
)
WRONG_RECOVERY_CODE: Final = "This recovery code is wrong, or it was used already. Try another one."
NEEDS_FACTOR: Final = "You have a second factor, so the password is not enough. Use one of these."


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose proof is wanted, and in which session."""

    user_id: int
    email: str
    session_id: int
    network: str
    pending: bool = False
    """Whether the session is nobody's until the proof is there."""


def asker_of(request: AnyRequest, person: Person) -> Asker:
    """Say who asks, for somebody who is signed in."""
    return Asker(person.id, person.email, person.session_id, client_network(request))


async def prove_by_password(
    database: Database, throttle: Throttle, asker: Asker, password: str
) -> str:
    """Give the session's new token; raise a SignInRefusedError.

    No connection is held while the password is checked, because that takes long on purpose.
    """
    await count_try(throttle, asker, "password")
    async with database.transaction() as tx:
        found = await tx.execute(
            select(User.password_hash, has_second_factor()).where(User.id == asker.user_id)
        )
    stored, has_factor = found.one()
    if has_factor or asker.pending:
        raise FactorRefusedError(NEEDS_FACTOR)
    right = await verify_password(stored, password)
    async with database.transaction() as tx:
        token = await _accept_if(tx, asker, "password", right=right)
    if token is None:
        raise FactorRefusedError(WRONG_PASSWORD, "password")
    await give_try_back(throttle, asker, "password")
    return token


async def prove_by_code(
    database: Database, throttle: Throttle, session_secret: bytes, asker: Asker, code: str
) -> str:
    """Give the session's new token for the code an app shows; raise a SignInRefusedError."""
    await count_try(throttle, asker, "totp")
    async with database.transaction() as tx:
        right = await use_totp(tx, session_secret, asker.user_id, code)
        token = await _accept_if(tx, asker, "totp", right=right)
    if token is None:
        raise FactorRefusedError(WRONG_CODE, "code")
    await give_try_back(throttle, asker, "totp")
    return token


async def prove_by_recovery_code(
    database: Database, throttle: Throttle, site: Site, asker: Asker, code: str
) -> str:
    """Give the session's new token for a recovery code; raise a SignInRefusedError."""
    await count_try(throttle, asker, "recovery")
    async with database.transaction() as tx:
        right = await use_recovery_code(tx, asker.user_id, code)
        if right:
            await _tell_of_recovery(tx, site, asker)
        token = await _accept_if(tx, asker, "recovery_code", right=right)
    if token is None:
        raise FactorRefusedError(WRONG_RECOVERY_CODE, "recovery_code")
    await give_try_back(throttle, asker, "recovery")
    return token


async def ask_to_prove_by_passkey(tx: Transaction, site: Site, asker: Asker) -> dict[str, Any]:
    """Give what the browser needs to show one of this person's passkeys."""
    return await ask_for_passkey(tx, site, PROVE, bound_to=_bound_to(asker), user_id=asker.user_id)


async def prove_by_passkey(database: Database, site: Site, asker: Asker, credential: str) -> str:
    """Give the session's new token for a passkey of this person; raise a SignInRefusedError."""
    refused: FactorRefusedError
    async with database.transaction() as tx:
        try:
            await check_passkey(
                tx, site, PROVE,
                bound_to=_bound_to(asker), credential=credential, user_id=asker.user_id,
            )  # fmt: skip
            return await accept_proof(tx, asker, "passkey")
        except FactorRefusedError as error:
            refused = error
            await _refuse(tx, asker, "passkey")
    raise refused


async def accept_proof(tx: Transaction, asker: Asker, how: str) -> str:
    """Write down that the person has proven themselves; give the session's new token.

    Raises SignInNeededError when the session has ended in the meantime.
    """
    still_there = await tx.scalar(
        update(Session)
        .where(Session.id == asker.session_id, Session.user_id == asker.user_id)
        .values(factor_pending=False, proven_at=now(), proven_by=how)
        .returning(Session.id)
    )
    if still_there is None:
        raise SignInNeededError
    token = await rotate_session(tx, asker.session_id)
    act = "signed_in" if asker.pending else "proven"
    await write_audit(
        tx, act, user_id=asker.user_id, actor_id=asker.user_id, network=asker.network, how=how
    )
    return token


async def count_try(throttle: Throttle, asker: Asker, way: str) -> None:
    """Count a try before it is checked; raise TooManyAttemptsError."""
    wait = await throttle.take(PER_SESSION, str(asker.session_id))
    if not wait:
        wait = await throttle.take(PER_PERSON, way, str(asker.user_id))
    if wait:
        raise TooManyAttemptsError(wait)


async def give_try_back(throttle: Throttle, asker: Asker, way: str) -> None:
    """Leave only failures counted."""
    await throttle.give_back(PER_SESSION, str(asker.session_id))
    await throttle.give_back(PER_PERSON, way, str(asker.user_id))


async def _accept_if(tx: Transaction, asker: Asker, how: str, *, right: bool) -> str | None:
    if right:
        return await accept_proof(tx, asker, how)
    await _refuse(tx, asker, how)
    return None


async def _refuse(tx: Transaction, asker: Asker, how: str) -> None:
    act = "sign_in_refused" if asker.pending else "proof_refused"
    await write_audit(tx, act, user_id=asker.user_id, network=asker.network, how=how)


async def _tell_of_recovery(tx: Transaction, site: Site, asker: Asker) -> None:
    """Tell the owner, who may not be the one with the code."""
    left = await count_recovery_codes(tx, asker.user_id)
    await post(
        tx, "recovery_code_used", asker.email,
        left=left, network=asker.network, address=f"{site.base_url}/settings/security",
    )  # fmt: skip
    await write_audit(
        tx, "recovery_code_used",
        user_id=asker.user_id, actor_id=asker.user_id, network=asker.network, left=left,
    )  # fmt: skip


def _bound_to(asker: Asker) -> str:
    """Name the session a challenge is for; what was asked of nobody yet proves nothing later."""
    return f"{'pending' if asker.pending else 'session'}:{asker.session_id}"
