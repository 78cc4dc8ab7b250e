"""What can go wrong at the border, besides an exchange that is away? Sentences for people."""


class VenueRefusedError(Exception):
    """The venue may not be used; the message says why, with the arithmetic."""


class KeyRefusedError(Exception):
    """The exchange key may not be connected; the message says what to change."""


class KeyLockedError(Exception):
    """A stored key cannot be opened. The message never holds anything of the key."""
