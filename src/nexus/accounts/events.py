"""What happened to a person's account, for others to react to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionsEnded:
    """Browsers in which somebody is no longer signed in."""

    session_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PersonVerified:
    """Somebody new, whose address has been proven: they need something to begin with."""

    user_id: int


@dataclass(frozen=True, slots=True)
class DeletionAsked:
    """Somebody is going to leave: nothing new is begun for them."""

    user_id: int


@dataclass(frozen=True, slots=True)
class SecondFactorLost:
    """Somebody has no second factor any more: nothing that needed one goes on."""

    user_id: int
