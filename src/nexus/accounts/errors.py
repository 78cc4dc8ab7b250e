"""Why somebody could not be made, or could not sign in."""


class AccountRefusedError(Exception):
    """A sentence for the person, and the form's field it belongs to."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


class SignInNeededError(Exception):
    """Nobody is signed in, and this route is not on the public list."""


class StepUpNeededError(Exception):
    """What is asked for needs a proof, minutes old at most, that this is still the person."""


class SecondFactorNeededError(Exception):
    """What is asked for needs a second factor, and this person has none yet."""


class SignInRefusedError(Exception):
    """Signing in failed; the sentence never says whether the person exists."""

    status_code = 422

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class WrongLoginError(SignInRefusedError):
    """Unknown, wrong and disabled are one answer."""

    def __init__(self) -> None:
        super().__init__("E-mail or password is wrong. Check both and try again.")


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
