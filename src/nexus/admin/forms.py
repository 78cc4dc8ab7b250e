"""What may be sent with a form of this folder?"""

from typing import Final

from nexus.admin.errors import ActRefusedError
from nexus.core.forms import Form
from nexus.core.ids import LARGEST_ID

REASON_LENGTH: Final = range(5, 201)


class HelpForm(Form, frozen=True):
    """What is to be done for or with a person, and why."""

    act: str = ""
    reason: str = ""


class RoleForm(Form, frozen=True):
    """The role to come, and why."""

    role: str = ""
    reason: str = ""


class SwitchForm(Form, frozen=True):
    """What is to be stopped or released, which way, and why."""

    name: str = ""
    act: str = ""
    reason: str = ""


class CloseScopeForm(Form, frozen=True):
    """What is to be closed at market, and why; the key makes a second press the same wish."""

    name: str = ""
    reason: str = ""
    idempotency_key: str = ""


def read_reason(text: str) -> str:
    """Read why something is done: it stays in the audit. Raises ActRefusedError."""
    reason = " ".join(text.split())
    if len(reason) not in REASON_LENGTH or not reason.isprintable():
        raise ActRefusedError(
            "reason", "Write in 5 to 200 characters why you do this. It stays in the audit."
        )
    return reason


def read_id(text: str) -> int | None:
    """Read an id out of an address; None for what cannot be one."""
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(LARGEST_ID)):
        return None
    number = int(text)
    return number if number <= LARGEST_ID else None
