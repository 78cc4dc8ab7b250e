"""What may be sent with a form of this folder?"""

from nexus.core.forms import Form


class BeginForm(Form, frozen=True):
    """What kind of key somebody wants to connect, and what they call the account."""

    kind: str = ""
    label: str = ""


class KeyForm(Form, frozen=True):
    """What somebody pasted; it is never sent back."""

    key: str = ""
    secret: str = ""


class ActForm(Form, frozen=True):
    """Nothing but the token: pressing the button says it all."""
