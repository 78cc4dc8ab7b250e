"""The tables of who somebody is, how they prove it, and where they are signed in."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import Id, Table

ROLES = ("trader", "reader", "support", "admin")
"""Who may see the rooms behind: readers look, support helps, admins decide."""


class User(Table):
    """A person. `disabled_at` ends every session at once, without touching what they own."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email_key = lower(email_key)", name="email_key_is_lower"),
        CheckConstraint("role IN ('trader', 'reader', 'support', 'admin')", name="role_is_known"),
    )

    id: Mapped[Id]
    email: Mapped[str]
    """As the person wrote it; mail goes there."""
    email_key: Mapped[str] = mapped_column(unique=True)
    """Lower-cased: two people cannot differ by a capital only."""
    email_verified_at: Mapped[datetime | None]
    """When a mail to this address was answered; None until then."""
    display_name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str | None]
    """Argon2id in PHC form, with its own salt and cost; None for who signs in elsewhere only."""
    role: Mapped[str] = mapped_column(default="trader", server_default="trader")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    delete_after: Mapped[datetime | None]
    """Set while the person's wish to be deleted can still be taken back."""
    time_zone: Mapped[str] = mapped_column(default="UTC", server_default="UTC")
    number_format: Mapped[str] = mapped_column(default="en-GB", server_default="en-GB")
    display_currency: Mapped[str] = mapped_column(default="", server_default="")
    """What totals are also shown in; empty for what they are in anyway."""


class Identity(Table):
    """Somebody at an OpenID issuer who is one of our people: by subject, never by address."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    email: Mapped[str]
    """The address the issuer knew at the last sign-in; shown to the person, trusted by nobody."""
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]


class Session(Table):
    """One browser in which one person is signed in."""

    __tablename__ = "sessions"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_sha256: Mapped[bytes] = mapped_column(unique=True)
    """The cookie's token is never stored: who reads this table still cannot sign in."""
    method: Mapped[str] = mapped_column(default="password", server_default="password")
    """How it began: `password`, `passkey`, or the name of an OpenID issuer."""
    factor_pending: Mapped[bool] = mapped_column(default=False, server_default="false")
    """The password was right and the second factor is still owed: this is nobody so far."""
    proven_at: Mapped[datetime | None]
    proven_by: Mapped[str] = mapped_column(default="")
    """How: password, totp, passkey, recovery_code, google or oidc."""
    """When the person last proved here that they are still themselves; for step-up."""
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(default="")
    network: Mapped[str] = mapped_column(default="")


class EmailLink(Table):
    """A link we sent to an address; whoever opens it has read that address's mail."""

    __tablename__ = "email_links"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str]
    """`reset`, `change_from`, `change_to` or `undo`."""
    email: Mapped[str]
    """The address that will be this person's, or stays theirs, once the link was used."""
    token_sha256: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignUp(Table):
    """Somebody who says that an address is theirs; nobody yet, and forgotten within the day.

    The same row is written for an address that has an account already: only the mail differs.
    """

    __tablename__ = "sign_ups"

    id: Mapped[Id]
    email: Mapped[str]
    password_hash: Mapped[str]
    """Counts for the browser it was typed in only: else a stranger could choose it beforehand."""
    visitor_sha256: Mapped[bytes] = mapped_column(index=True)
    """The browser it was asked for in, by its visitor cookie."""
    token_sha256: Mapped[bytes] = mapped_column(unique=True)
    code_hmac: Mapped[bytes]
    """A code is short, so its hash is keyed: who reads this table cannot try them all."""
    tries: Mapped[int] = mapped_column(default=0)
    consents: Mapped[dict[str, Any]]
    """The version of each document that was accepted with it."""
    network: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class TotpSecret(Table):
    """The secret that a person's authenticator shares with us, sealed."""

    __tablename__ = "totp_secrets"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sealed: Mapped[bytes]
    last_timecode: Mapped[int | None]
    """The newest 30-second step whose code was used: no code counts twice."""
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    """None until a first code was right; before that it is no factor."""


class RecoveryCode(Table):
    """A code to get in once, without the phone."""

    __tablename__ = "recovery_codes"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    code_sha256: Mapped[bytes]
    """Of 120 random bits: nothing slower is needed to keep such a code from being guessed."""
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Passkey(Table):
    """A WebAuthn credential."""

    __tablename__ = "passkeys"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int]
    transports: Mapped[list[Any]]
    name: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class Challenge(Table):
    """Random bytes a browser must sign, or a state it must bring back; each good for once."""

    __tablename__ = "challenges"

    id: Mapped[Id]
    kind: Mapped[str]
    """`passkey_add`, `passkey_prove`, `passkey_sign_in` or `oidc`."""
    bound_to: Mapped[str]
    """The session or the visitor it was made for, as in the CSRF token: nobody else may use it."""
    value_sha256: Mapped[bytes] = mapped_column(unique=True)
    """The challenge or state itself is only in the browser's hands."""
    detail: Mapped[dict[str, Any]]
    """What must be known when it comes back: nonce, PKCE verifier, where to go on."""
    expires_at: Mapped[datetime]


class KnownBrowser(Table):
    """A browser in which somebody has signed in before: it is not counted with strangers."""

    __tablename__ = "known_browsers"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_sha256: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]


class Consent(Table):
    """A document that somebody accepted, in the version they were shown."""

    __tablename__ = "consents"
    __table_args__ = (UniqueConstraint("user_id", "document", "version"),)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    document: Mapped[str]
    """`terms` or `risk`."""
    version: Mapped[str]
    accepted_at: Mapped[datetime]
    network: Mapped[str]


class OnboardingStep(Table):
    """A step of the first checklist that somebody took or put aside."""

    __tablename__ = "onboarding_steps"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    step: Mapped[str] = mapped_column(primary_key=True)
    skipped_at: Mapped[datetime]


class AuditEntry(Table):
    """One act that somebody may have to answer for. Rows are added and never change.

    Each carries the hash of the one before, so that a changed, removed or inserted row shows.
    """

    __tablename__ = "audit_log"
    __table_args__ = (Index(None, "user_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Counted by the chain itself, without gaps."""
    at: Mapped[datetime]
    act: Mapped[str]
    """What was done, like `signed_in` or `password_changed`."""
    user_id: Mapped[int | None]
    """Whose account it concerns; no reference, because the entry outlives the person."""
    actor_id: Mapped[int | None]
    """Who did it; None for us or for nobody known."""
    network: Mapped[str]
    detail: Mapped[dict[str, Any]]
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes] = mapped_column(unique=True)


class AuditHead(Table):
    """Where the chain of the audit ends: one row, so that a cut-off end shows too.

    Whoever adds an entry locks it first, so entries are numbered without gaps.
    """

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int]
    """The newest entry's number; 0 before the first."""
    hash: Mapped[bytes]
    """The newest entry's hash."""
