"""What may be sent with a form of this folder?"""

from nexus.core.forms import Form


class SignInForm(Form, frozen=True):
    """E-mail and password, and the page to go on to."""

    email: str = ""
    password: str = ""
    next: str = "/"


class SignOutForm(Form, frozen=True):
    """Nothing but the token every form carries."""
