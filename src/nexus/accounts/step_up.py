"""Is it still you? What is dangerous needs a proof that is at most five minutes old.

A route says so with `opt={STEP_UP: True}`, its page as well as its form: then nobody loses what
they typed by being asked in between. `opt={SECOND_FACTOR: True}` asks for a second factor too,
`opt={BY_FACTOR: True}` for a proof by that very factor: a recovery code does not do.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from litestar import Response
from litestar.handlers import BaseRouteHandler

from nexus.accounts.errors import SecondFactorNeededError, StepUpNeededError
from nexus.accounts.sessions import Person
from nexus.core.clock import now
from nexus.core.site import Connection
from nexus.core.web import AnyRequest, is_fragment, path_of, see_other

STEP_UP: Final = "step_up"
SECOND_FACTOR: Final = "second_factor"
BY_FACTOR: Final = "by_factor"
FACTORS_THAT_PROVE: Final = ("totp", "passkey")
FRESH: Final = timedelta(minutes=5)
PROVE = "/prove"
FACTOR: Final = "factor"
"""What `by` says in the address of the page that asks for a proof, where only a factor will do."""
FACTORS = "/settings/security"


def require_proof(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: raise StepUpNeededError or SecondFactorNeededError where a route asks for more."""
    person: Person | None = connection.scope.get("user")
    if person is None:
        return  # The guard before this one has let nobody in, or the route is public.
    if handler.opt.get(SECOND_FACTOR) is True and not person.has_second_factor:
        raise SecondFactorNeededError
    by_factor = handler.opt.get(BY_FACTOR) is True
    if by_factor and not is_proven_by_factor(person):
        raise StepUpNeededError(by_factor=True)
    if handler.opt.get(STEP_UP) is True and not is_fresh(person):
        raise StepUpNeededError(by_factor=by_factor)


def require_live_proof(person: Person, typed: Mapping[str, str] | None = None) -> None:
    """Ask of somebody who puts real money at risk what connecting it asked of them.

    `typed` is what their form is filled with when they come back to it.

    Raises SecondFactorNeededError and StepUpNeededError.
    """
    if not person.has_second_factor:
        raise SecondFactorNeededError
    if not is_fresh(person):
        raise StepUpNeededError(typed=typed)


def is_fresh(person: Person) -> bool:
    """Say whether the person's last proof is recent enough."""
    return person.proven_at is not None and now() - person.proven_at < FRESH


def is_proven_by_factor(person: Person) -> bool:
    """Say whether the person's last proof was by an authenticator app or a passkey."""
    return person.proven_by in FACTORS_THAT_PROVE


def ask_for_proof(request: AnyRequest, error: StepUpNeededError) -> Response[Any]:
    """Send the person to prove themselves, and back to the page they came from or to."""
    asked = {"next": _way_back(request, error.typed), **({"by": FACTOR} if error.by_factor else {})}
    address = f"{PROVE}?{urlencode(asked)}"
    if is_fragment(request):
        return Response("", status_code=401, headers={"HX-Redirect": address})
    return see_other(address)


def _way_back(request: AnyRequest, typed: Mapping[str, str]) -> str:
    """Name the page to go on to: for a form the one it was on, because forms are not repeated."""
    here = path_of(request)
    if request.method == "GET":
        return here
    try:
        page = urlsplit(request.headers.get("referer", "")).path or here
    except ValueError:
        page = here
    return f"{page}?{urlencode(typed)}" if typed else page


def ask_for_factor(request: AnyRequest, _error: SecondFactorNeededError) -> Response[Any]:
    """Send the person to where a second factor is added."""
    address = f"{FACTORS}?{urlencode({'needed': '1'})}"
    if is_fragment(request):
        return Response("", status_code=401, headers={"HX-Redirect": address})
    return see_other(address)
