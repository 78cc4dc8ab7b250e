"""What may be sent with a form of this folder?"""

from nexus.core.forms import Form


class ChoicesForm(Form, frozen=True):
    """What somebody wants to be told: an unchecked box sends nothing."""

    trade_push: str = ""
    trade_mail: str = ""
    blocked_push: str = ""
    blocked_mail: str = ""
    trouble_push: str = ""
    trouble_mail: str = ""


class DeviceForm(Form, frozen=True):
    """What a browser's push service gave it for us."""

    endpoint: str = ""
    public_key: str = ""
    auth: str = ""


class RemoveForm(Form, frozen=True):
    """Nothing but the token every form carries."""
