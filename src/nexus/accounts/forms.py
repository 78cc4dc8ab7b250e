"""What may be sent with a form of this folder?"""

from typing import Final

from nexus.core.forms import Form

LARGEST_ID: Final = 2**63 - 1
"""What a row's number in an address may be at most: the column holds no more."""


class SignInForm(Form, frozen=True):
    """E-mail and password, and the page to go on to."""

    email: str = ""
    password: str = ""
    next: str = "/"


class SignOutForm(Form, frozen=True):
    """Nothing but the token every form carries."""


class ProveForm(Form, frozen=True):
    """One of three proofs, and the page to go on to."""

    password: str = ""
    code: str = ""
    recovery_code: str = ""
    way: str = ""
    """Which of the forms it was, where an empty one would not tell."""
    next: str = "/"


class PasskeyForm(Form, frozen=True):
    """What a browser answers for a passkey, as JSON, and the page to go on to."""

    credential: str = ""
    next: str = "/"


class NewPasskeyForm(Form, frozen=True):
    """What a browser answers for a new passkey, as JSON, and what its owner calls it."""

    credential: str = ""
    name: str = ""


class PasskeyNameForm(Form, frozen=True):
    """What its owner calls a passkey."""

    name: str = ""


class CodeForm(Form, frozen=True):
    """The digits of a mail, or of an authenticator app."""

    code: str = ""


class ConfirmForm(Form, frozen=True):
    """Nothing but the token: pressing the button says it all."""


class SignUpForm(Form, frozen=True):
    """Who wants to join; a box that was ticked sends the version of its document."""

    email: str = ""
    password: str = ""
    terms: str = ""
    risk: str = ""


class OpenIdForm(Form, frozen=True):
    """The page to go on to, after the issuer."""

    next: str = "/"


class MailCodeForm(Form, frozen=True):
    """The code of a mail."""

    code: str = ""


class VerifyForm(Form, frozen=True):
    """A mail's link; in another browser than the one of the sign-up also what that one knew."""

    token: str = ""
    password: str = ""
    terms: str = ""
    risk: str = ""


class ConsentForm(Form, frozen=True):
    """The version of each document whose box was ticked, and the page to go on to."""

    terms: str = ""
    risk: str = ""
    next: str = "/"


class ForgotForm(Form, frozen=True):
    """Whose password is forgotten."""

    email: str = ""


class ResetForm(Form, frozen=True):
    """A mail's link, and the password to come."""

    token: str = ""
    password: str = ""


class ChangePasswordForm(Form, frozen=True):
    """The password so far, and the one to come."""

    current: str = ""
    password: str = ""


class ChangeEmailForm(Form, frozen=True):
    """The address to come."""

    email: str = ""


class LinkForm(Form, frozen=True):
    """A mail's link, whose button was pressed."""

    token: str = ""


class NameForm(Form, frozen=True):
    """What the pages shall call somebody."""

    display_name: str = ""


class DisplayForm(Form, frozen=True):
    """How times and amounts shall look."""

    time_zone: str = ""
    number_format: str = ""
    display_currency: str = ""


class DeleteForm(Form, frozen=True):
    """The person's own address, as a confirmation."""

    email: str = ""
