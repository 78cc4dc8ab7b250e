"""What are the pages of signing in, proofs and factors shown with in tests?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from nexus.accounts.factors import Factors, IdentityView, PasskeyView
from nexus.accounts.issuers import Issuer
from nexus.accounts.totp import Offer

AT = datetime(2026, 3, 2, 14, 32, 5, tzinfo=UTC)
ISSUERS = [
    Issuer("google", "Google", "https://accounts.google.com", "id", "secret"),
    Issuer("oidc", "Example Co.", "https://id.example.com/", "id", "secret"),
]
FACTORS = Factors(
    has_password=True,
    totp_since=AT,
    passkeys=(
        PasskeyView(3, "My phone", AT, None),
        PasskeyView(4, "The key on my keyring", AT, AT + timedelta(hours=3)),
    ),
    recovery_codes_left=9,
    identities=(IdentityView(1, "https://accounts.google.com", "alice@example.com", AT),),
)
NO_FACTORS = replace(FACTORS, totp_since=None, passkeys=(), recovery_codes_left=0, identities=())
OFFER = Offer("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "otpauth://totp/Nexus:alice%40example.com")
PICTURE = "data:image/svg+xml;charset=utf-8,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"


def prove(factors: Factors, **errors: str) -> dict[str, Any]:
    """Give the pages that ask for a proof their context."""
    return {
        "factors": factors,
        "errors": errors,
        "next": "/settings/security",
        "issuers": ISSUERS,
    }


def sign_in(*, wrong: bool = False) -> dict[str, Any]:
    """Give the sign-in page's context, fresh or after a mistake."""
    mistakes = {"": "The e-mail or the password is wrong. Check both and try again."}
    return {
        "email": "alice@example.com" if wrong else "",
        "errors": mistakes if wrong else {},
        "demo_login": ("demo@nexus.example", "nexus-demo-12345"),
        "issuers": ISSUERS,
        "next": "/",
    }


def totp(**errors: str) -> dict[str, Any]:
    """Give the page of a new app its context."""
    return {"offer": OFFER, "picture": PICTURE, "errors": errors}


def passkey(**errors: str) -> dict[str, Any]:
    """Give one passkey's page its context."""
    return {"passkey": FACTORS.passkeys[1], "name": "The key", "errors": errors}


PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "security": (
        "accounts/security.html",
        {"factors": FACTORS, "needed": False, "issuers": ISSUERS},
    ),
    "security-needed": (
        "accounts/security.html",
        {"factors": NO_FACTORS, "needed": True, "issuers": ISSUERS},
    ),
    "prove": ("accounts/prove.html", prove(FACTORS)),
    "prove-password": ("accounts/prove.html", prove(NO_FACTORS)),
    "prove-wrong": ("accounts/prove.html", prove(NO_FACTORS, password="This password is wrong.")),
    "totp": ("accounts/totp.html", totp()),
    "totp-wrong": ("accounts/totp.html", totp(code="This is not the code we expect.")),
    "recovery-codes": (
        "accounts/recovery_codes.html",
        {"codes": ["ABCD-EFGH-IJKL-MNOP-QRST-UVWX"] * 10},
    ),
    "remake-recovery-codes": ("accounts/remake_recovery_codes.html", {"left": 3}),
    "remove-factor": (
        "accounts/remove_factor.html",
        {"what": "An authenticator app", "action": "/remove", "last": True},
    ),
    "passkey-new": (
        "accounts/new_passkey.html",
        {"name": "Passkey", "errors": {"": "This passkey was not accepted."}},
    ),
    "passkey": ("accounts/passkey.html", passkey()),
    "passkey-wrong": ("accounts/passkey.html", passkey(name="Write a name.")),
    "link-identity": ("accounts/link_identity.html", {"issuer": ISSUERS[0]}),
    "unlink-identity": (
        "accounts/unlink_identity.html",
        {"identity": FACTORS.identities[0], "errors": {"": "It is your only way in."}},
    ),
}
PUBLIC_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "sign-in": ("accounts/sign_in.html", sign_in()),
    "sign-in-wrong": ("accounts/sign_in.html", sign_in(wrong=True)),
    "second-factor": (
        "accounts/second_factor.html",
        prove(FACTORS) | {"email": "alice@example.com"},
    ),
    "second-factor-wrong": (
        "accounts/second_factor.html",
        prove(FACTORS, recovery_code="This recovery code is wrong.")
        | {"email": "alice@example.com"},
    ),
    "passkey-refused": (
        "accounts/passkey_refused.html",
        {"sentence": "This passkey was not accepted.", "next": "/"},
    ),
    "to-issuer": (
        "accounts/to_issuer.html",
        {"label": "Google", "address": "#google"},
    ),
    "openid-refused": (
        "accounts/openid_refused.html",
        {"sentence": "Google does not answer.", "back": "/sign-in"},
    ),
}
"""Every page in its states: name -> template and context."""
