"""What can go wrong at the border, besides an exchange that is away? Sentences for people."""


class VenueRefusedError(Exception):
    """The venue may not be used; the message says why, with the arithmetic."""


class KeyRefusedError(Exception):
    """The exchange key may not be connected; the message says what to change."""

    def __init__(self, sentence: str, code: str = "refused") -> None:
        super().__init__(sentence)
        self.code = code


class KeyLockedError(Exception):
    """A stored key cannot be opened. The message never holds anything of the key."""


class NoDropBoxError(Exception):
    """No worker has made the box into which keys are dropped."""
