"""What do the two pages that ask for a proof have in common? Their forms, and how they answer."""

from typing import Any

from litestar import Response
from litestar.datastructures import Cookie

from nexus.accounts.errors import SignInRefusedError, TooManyAttemptsError
from nexus.accounts.factors import Factors
from nexus.accounts.forms import ProveForm
from nexus.accounts.guard import local_path
from nexus.accounts.prove import (
    Asker,
    prove_by_code,
    prove_by_password,
    prove_by_recovery_code,
)
from nexus.accounts.sessions import COOKIE, ENDS_AFTER
from nexus.accounts.totp import NOT_A_CODE, WRITE_THE_CODE, is_shaped
from nexus.core.db import Database
from nexus.core.site import site_of
from nexus.core.web import AnyRequest, page, see_other


async def prove_by_form(
    request: AnyRequest, database: Database, asker: Asker, form: ProveForm
) -> str:
    """Check whichever proof was sent; give the new token or raise a SignInRefusedError."""
    throttle, site = request.app.state.throttle, site_of(request)
    if form.recovery_code.strip():
        return await prove_by_recovery_code(database, throttle, site, asker, form.recovery_code)
    if form.code.strip():
        return await prove_by_code(database, throttle, site.secret, asker, form.code)
    return await prove_by_password(database, throttle, asker, form.password)


def what_is_missing(form: ProveForm, factors: Factors) -> dict[str, str]:
    """Say what to write when nothing was, or no code: beside the field this person would use.

    What cannot be a code is a slip of the finger and not counted as a try.
    """
    if form.code.strip() and not is_shaped(form.code):
        return {"code": NOT_A_CODE}
    if form.code.strip() or form.recovery_code.strip() or form.password:
        return {}
    if form.way == "recovery_code":
        return {"recovery_code": "Write one of your recovery codes."}
    if not factors.has_second:
        return {"password": "Write your password."}
    if factors.totp_since:
        return {"code": WRITE_THE_CODE}
    return {"": "Use your passkey, or one of your recovery codes."}


def go_on(request: AnyRequest, token: str, wanted: str) -> Response[Any]:
    """Hand over the session's new token and go on to the page that was wanted."""
    return see_other(local_path(wanted), cookies=[session_cookie(request, token)])


def session_cookie(request: AnyRequest, token: str) -> Cookie:
    """Make the cookie that carries a session's token."""
    return site_of(request).cookie(COOKIE, token, max_age=int(ENDS_AFTER.total_seconds()))


def refused(
    request: AnyRequest, template: str, error: SignInRefusedError, **context: Any
) -> Response[Any]:
    """Show the page again, with the sentence where it belongs; nothing typed is kept."""
    errors = {error.field: error.sentence}
    answer = page(request, template, status_code=error.status_code, errors=errors, **context)
    if isinstance(error, TooManyAttemptsError):
        answer.headers["Retry-After"] = str(error.wait_seconds)
    return answer
