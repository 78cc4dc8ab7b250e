"""How is a refused form answered? The form again, with the sentence beside its field."""

from collections.abc import Callable
from typing import Any

from litestar import Response

from nexus.accounts.errors import AccountRefusedError, SignInRefusedError, TooManyAttemptsError

REFUSALS = (AccountRefusedError, SignInRefusedError)
"""What a form of this folder can be refused with."""

Errors = dict[str, str]
"""A sentence per field; the empty name is the whole form's."""


def answer_refusal(
    error: AccountRefusedError | SignInRefusedError, show: Callable[[Errors, int], Response[Any]]
) -> Response[Any]:
    """Let `show` draw the form with the sentence and the status; say how long to wait, if so."""
    status = error.status_code if isinstance(error, SignInRefusedError) else 422
    answer = show({error.field: error.sentence}, status)
    if isinstance(error, TooManyAttemptsError):
        answer.headers["Retry-After"] = str(error.wait_seconds)
    return answer
