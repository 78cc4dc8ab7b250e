"""Which OpenID issuers may sign people in? Google, and one more of any make, by configuration."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from nexus.settings.group import Group

LONGEST_NAME = 30
ONE_MORE = ("oidc_issuer", "oidc_name", "oidc_client_id", "oidc_client_secret")


def issuer_address(value: str) -> str:
    """Take an issuer's address as it is: a slash at its end is a part of its name.

    Without https anybody on the way could answer for it, so that is for this machine only.
    """
    parts = urlsplit(value)
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_here(parts.hostname or ""))
    if not (safe and parts.hostname) or parts.query or parts.fragment or parts.username:
        raise ValueError("must be an https:// address without a login or a question mark")
    return value


def is_here(host: str) -> bool:
    """Say whether a host is this very machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class OpenIdSettings(Group):
    """Who else may say who somebody is. Nothing set: people sign in with a password only."""

    google_client_id: str = ""
    """The client id from Google; with the secret, people may sign in with Google."""
    google_client_secret: Annotated[SecretStr, Field(validate_default=True)] = SecretStr("")
    """The secret that belongs to it. Register BASE_URL/openid/google/callback there."""
    google_issuer: Annotated[str, AfterValidator(issuer_address)] = "https://accounts.google.com"
    """Where Google is; another address only where something stands in for it."""
    oidc_issuer: str = ""
    """One more OpenID issuer, exactly as it writes its own address."""
    oidc_name: str = ""
    """What the button calls it."""
    oidc_client_id: str = ""
    """The client id from that issuer."""
    oidc_client_secret: Annotated[SecretStr, Field(validate_default=True)] = SecretStr("")
    """The secret that belongs to it. Register BASE_URL/openid/oidc/callback there."""

    @field_validator("oidc_issuer")
    @classmethod
    def _whole_issuer(cls, value: str) -> str:
        return issuer_address(value) if value else value

    @field_validator("oidc_name")
    @classmethod
    def _fits_a_button(cls, value: str) -> str:
        if len(value) > LONGEST_NAME or not value.isprintable():
            raise ValueError(f"must have at most {LONGEST_NAME} letters")
        return value

    @field_validator("google_client_secret")
    @classmethod
    def _google_is_whole(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        _refuse_half(info, ("google_client_id", "google_client_secret"), value)
        return value

    @field_validator("oidc_client_secret")
    @classmethod
    def _one_more_is_whole(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        _refuse_half(info, ONE_MORE, value)
        return value


def _refuse_half(info: ValidationInfo, names: tuple[str, ...], secret: SecretStr) -> None:
    """Refuse a group of which only a part is set; a part that is wrong was told already."""
    given = {name: bool(info.data.get(name, True)) for name in names[:-1]}
    given[names[-1]] = bool(secret.get_secret_value())
    missing = [name.upper() for name in names if not given[name]]
    if missing and len(missing) < len(names):
        raise ValueError(f"set {_listed(names)} together, or none; missing: {', '.join(missing)}")


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(name.upper() for name in names[:-1])} and {names[-1].upper()}"
