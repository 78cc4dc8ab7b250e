"""Why somebody could not be made, or could not sign in."""

from collections.abc import Mapping


class AccountRefusedError(Exception):
    """A sentence for the person, and the form's field it belongs to."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


class SignInNeededError(Exception):
    """Nobody is signed in, and this route is not on the public list."""


class ConsentNeededError(Exception):
    """Before anything else, this person has to accept the documents of today."""


class StepUpNeededError(Exception):
    """What is asked for needs a proof, minutes old at most, that this is still the person."""

    def __init__(self, *, by_factor: bool = False, typed: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.by_factor = by_factor
        """Whether only an authenticator app or a passkey will do."""
        self.typed = typed or {}
        """What the form is filled with again after the proof: its address will carry it."""


class SecondFactorNeededError(Exception):
    """What is asked for needs a second factor, and this person has none yet."""


class SignInRefusedError(Exception):
    """Signing in failed; the sentence never says whether the person exists."""

    status_code = 422
    field = ""
    """The form's field the sentence belongs to; empty for the whole form."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class FactorRefusedError(SignInRefusedError):
    """A password, code or passkey does not prove that this is the person."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class WrongLoginError(SignInRefusedError):
    """Unknown, wrong and disabled are one answer."""

    def __init__(self) -> None:
        super().__init__("E-mail or password is wrong. Check both and try again.")


class IssuerRefusedError(SignInRefusedError):
    """What an OpenID issuer says does not tell us who somebody is, or they may not come in."""

    def __init__(self, label: str) -> None:
        super().__init__(
            f"We could not sign you in with {label}. Start again, or sign in another way."
        )


class IssuerCannotProveError(SignInRefusedError):
    """An issuer vouches for somebody, and cannot say that they proved themselves just now."""

    def __init__(self, label: str) -> None:
        super().__init__(
            f"{label} did not tell us that you proved yourself to it just now. Set a password "
            "with the link we can mail you, and prove with that."
        )


class AddressNotVerifiedError(SignInRefusedError):
    """An issuer names an address, and has not seen that it is theirs."""

    def __init__(self, label: str) -> None:
        super().__init__(
            f"{label} has not verified your e-mail address. Verify it there and start again, "
            "or create an account with a password."
        )


class AddressKnownError(SignInRefusedError):
    """Somebody has this address here already; an address alone never opens their account."""

    def __init__(self, label: str, email: str) -> None:
        super().__init__(
            f"{email} has an account here already. Sign in the way you usually do, then add "
            f"{label} under Settings, Security."
        )


class IdentityTakenError(SignInRefusedError):
    """An account elsewhere that signs in somebody else here."""

    def __init__(self, label: str) -> None:
        super().__init__(
            f"This {label} account signs in to another account here. Remove it there first, "
            f"or add another {label} account."
        )


class LastWayInError(SignInRefusedError):
    """Without this, a person could not sign in any more."""

    def __init__(self) -> None:
        super().__init__(
            "This is your only way to sign in. Set a password or add a passkey first, "
            "then remove it."
        )


class IssuerAwayError(SignInRefusedError):
    """An OpenID issuer does not answer, or not in a way we understand."""

    status_code = 503

    def __init__(self, label: str) -> None:
        super().__init__(
            f"{label} does not answer right now. Try again in a minute, or sign in another way."
        )


class TooManyAttemptsError(SignInRefusedError):
    """Too often from one network, on one account or in all."""

    status_code = 429

    def __init__(self, wait_seconds: int) -> None:
        minutes = -(-wait_seconds // 60)
        unit = "minute" if minutes == 1 else "minutes"
        super().__init__(f"Too many attempts. Wait {minutes} {unit}, then try again.")
        self.wait_seconds = wait_seconds


class TooBusyError(SignInRefusedError):
    """More people sign in than passwords can be checked right now."""

    status_code = 503

    def __init__(self) -> None:
        super().__init__("Many people are signing in right now. Try again in a few seconds.")
