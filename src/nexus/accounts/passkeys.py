"""Is this the person's own device, unlocked by them? Passkeys: added, checked, named, removed."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
import webauthn
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from webauthn.helpers import (
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from nexus.accounts.challenges import make_challenge, take_challenge
from nexus.accounts.errors import AccountRefusedError, FactorRefusedError
from nexus.accounts.models import Passkey
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.core.site import Site

log = structlog.get_logger()

ADD: Final = "passkey_add"
PROVE: Final = "passkey_prove"
SIGN_IN: Final = "passkey_sign_in"

MOST: Final = 20
LONGEST_NAME: Final = 60
REFUSED = "This passkey was not accepted. Try again, or choose another way."


@dataclass(frozen=True, slots=True)
class Place:
    """Where our passkeys belong; a browser offers them nowhere else."""

    origin: str
    rp_id: str


def place_of(base_url: str) -> Place:
    """Name the one origin that passkeys are made and checked for.

    Browsers bind passkeys to a name and never to a number. On a development machine, which is
    plain http on a number of its own, that name is `localhost`.
    """
    base = urlsplit(base_url)
    host, port = base.hostname or "", f":{base.port}" if base.port else ""
    if base.scheme == "http" and _is_this_machine(host):
        host = "localhost"
    return Place(f"{base.scheme}://{host}{port}", host)


async def offer_passkey(
    tx: Transaction, site: Site, *, user_id: int, email: str, display_name: str, bound_to: str
) -> dict[str, Any]:
    """Give what a browser needs to make a passkey: `PublicKeyCredentialCreationOptions`."""
    place = place_of(site.base_url)
    options = webauthn.generate_registration_options(
        rp_id=place.rp_id,
        rp_name="Nexus",
        user_id=_handle(site, user_id),
        user_name=email,
        user_display_name=display_name or email,
        challenge=await make_challenge(tx, ADD, bound_to=bound_to),
        exclude_credentials=await _credentials_of(tx, user_id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return _told(place, options_to_json_dict(options))


async def add_passkey(
    tx: Transaction, site: Site, *, user_id: int, bound_to: str, credential: str, name: str
) -> int:
    """Check a new passkey and keep it; give its id.

    Raises FactorRefusedError, and AccountRefusedError for a name that cannot be. The challenge is
    used up either way, if `tx` commits.
    """
    checked_name = check_name(name)
    with _refusing_strange_bytes():
        parsed = parse_registration_credential_json(credential)
        challenge = _challenge_in(parsed)
    await _take(tx, ADD, challenge, bound_to)
    place = place_of(site.base_url)
    with _refusing_strange_bytes():
        made = webauthn.verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_origin=place.origin,
            expected_rp_id=place.rp_id,
            require_user_verification=True,
        )
    if await count_passkeys(tx, user_id) >= MOST:
        raise FactorRefusedError(f"You have {MOST} passkeys. Remove one before you add another.")
    transports = [transport.value for transport in parsed.response.transports or ()]
    added: int | None = await tx.scalar(
        insert(Passkey)
        .values(
            user_id=user_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            transports=transports,
            name=checked_name,
            created_at=now(),
        )
        .on_conflict_do_nothing(index_elements=["credential_id"])
        .returning(Passkey.id)
    )
    if added is None:
        raise FactorRefusedError("This passkey has been added already. Use it to sign in.")
    return added


async def ask_for_passkey(
    tx: Transaction, site: Site, kind: str, *, bound_to: str, user_id: int | None
) -> dict[str, Any]:
    """Give what a browser needs to show a passkey; without a person, any that it has for us."""
    place = place_of(site.base_url)
    options = webauthn.generate_authentication_options(
        rp_id=place.rp_id,
        challenge=await make_challenge(tx, kind, bound_to=bound_to),
        allow_credentials=None if user_id is None else await _credentials_of(tx, user_id),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _told(place, options_to_json_dict(options))


async def check_passkey(
    tx: Transaction, site: Site, kind: str, *, bound_to: str, credential: str, user_id: int | None
) -> Passkey:
    """Give the passkey that was shown; with `user_id`, it must be that person's.

    Raises FactorRefusedError. The challenge is used up either way, if `tx` commits.
    """
    with _refusing_strange_bytes():
        parsed = parse_authentication_credential_json(credential)
        challenge = _challenge_in(parsed)
    await _take(tx, kind, challenge, bound_to)
    passkey = await _locked(tx, parsed.raw_id, user_id)
    _check_handle(site, passkey, parsed.response.user_handle)
    place = place_of(site.base_url)
    with _refusing_strange_bytes():
        shown = webauthn.verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_origin=place.origin,
            expected_rp_id=place.rp_id,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    passkey.sign_count = shown.new_sign_count
    passkey.last_used_at = now()
    await tx.flush()
    return passkey


async def find_passkey(tx: Transaction, user_id: int, passkey_id: int) -> Passkey | None:
    """Find one of this person's passkeys."""
    passkey: Passkey | None = await tx.scalar(
        select(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id)
    )
    return passkey


async def rename_passkey(tx: Transaction, user_id: int, passkey_id: int, name: str) -> bool:
    """Name one of this person's passkeys; False when it is none of theirs.

    Raises AccountRefusedError for a name that cannot be.
    """
    renamed = await tx.scalar(
        update(Passkey)
        .where(Passkey.id == passkey_id, Passkey.user_id == user_id)
        .values(name=check_name(name))
        .returning(Passkey.id)
    )
    return renamed is not None


async def remove_passkey(tx: Transaction, user_id: int, passkey_id: int) -> bool:
    """Forget one of this person's passkeys; False when it is none of theirs."""
    removed = await tx.scalar(
        delete(Passkey)
        .where(Passkey.id == passkey_id, Passkey.user_id == user_id)
        .returning(Passkey.id)
    )
    return removed is not None


async def count_passkeys(tx: Transaction, user_id: int) -> int:
    """Say how many passkeys a person has."""
    count = select(func.count()).select_from(Passkey).where(Passkey.user_id == user_id)
    return await tx.scalar(count) or 0


def check_name(name: str) -> str:
    """Give a passkey's name without the spaces around it; raise AccountRefusedError."""
    tidy = name.strip()
    if not tidy or len(tidy) > LONGEST_NAME or not tidy.isprintable():
        raise AccountRefusedError("name", f"Write a name of 1 to {LONGEST_NAME} characters.")
    return tidy


def _challenge_in(parsed: RegistrationCredential | AuthenticationCredential) -> bytes:
    """Read which challenge the browser says it answers."""
    return parse_client_data_json(parsed.response.client_data_json).challenge


async def _take(tx: Transaction, kind: str, challenge: bytes, bound_to: str) -> None:
    """Use the challenge up; raise FactorRefusedError when it is not one of this browser's."""
    if await take_challenge(tx, kind, challenge, bound_to=bound_to) is None:
        raise FactorRefusedError("This took too long, or was sent twice. Try again.")


async def _locked(tx: Transaction, credential_id: bytes, user_id: int | None) -> Passkey:
    """Find the passkey and hold it: two answers with one counter must not both be right."""
    wanted = select(Passkey).where(Passkey.credential_id == credential_id).with_for_update()
    if user_id is not None:
        wanted = wanted.where(Passkey.user_id == user_id)
    passkey: Passkey | None = await tx.scalar(wanted.execution_options(populate_existing=True))
    if passkey is None:
        raise FactorRefusedError(REFUSED)
    return passkey


def _check_handle(site: Site, passkey: Passkey, given: bytes | None) -> None:
    """Refuse a passkey that its device keeps for somebody else than we do."""
    if given and not hmac.compare_digest(given, _handle(site, passkey.user_id)):
        raise FactorRefusedError(REFUSED)


async def _credentials_of(tx: Transaction, user_id: int) -> list[PublicKeyCredentialDescriptor]:
    rows = await tx.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id))
    known = {transport.value for transport in AuthenticatorTransport}
    return [
        PublicKeyCredentialDescriptor(
            id=row.credential_id,
            transports=[AuthenticatorTransport(name) for name in row.transports if name in known],
        )
        for row in rows
    ]


def _handle(site: Site, user_id: int) -> bytes:
    """Name a person to their device, by a number that says nothing about them."""
    message = f"nexus.passkey-user.v1\0{user_id}".encode()
    return hmac.new(site.secret, message, hashlib.sha256).digest()


def _told(place: Place, options: dict[str, Any]) -> dict[str, Any]:
    """Say to our script where it must be, with what it hands to the browser."""
    return {"origin": place.origin, "publicKey": options}


@contextmanager
def _refusing_strange_bytes() -> Iterator[None]:
    """Say to the person only that it failed, and to the log why.

    What strangers send breaks parsers and key formats in many ways; whichever it is, it is no
    passkey.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001  said above
        log.info("passkey_refused", error=type(error).__name__, reason=str(error)[:200])
        raise FactorRefusedError(REFUSED) from None


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
