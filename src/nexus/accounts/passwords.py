"""Is this the right password? Argon2id, in a few threads of its own, so pages stay fast."""

import asyncio
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from nexus.accounts.common_passwords import is_common
from nexus.accounts.errors import AccountRefusedError, TooBusyError

T = TypeVar("T")

SHORTEST: Final = 12
LONGEST: Final = 128
SHORTEST_NAME: Final = 4
"""A shorter beginning of an address stands in many good passwords by chance."""

HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)

# Nobody's password, hashed at the same cost: checking against it takes as long as checking a
# real one, so the time of an answer does not tell whether the person exists.
DUMMY_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=1$3lXLrJHqz8WsI6o8xN5n6w"
    "$byHnlZ6I7Z8tjO8IdzE0Vs62K6uqc3UcEILjyou1pk8"
)

# Each check takes 64 MiB, so the threads bound the memory; the queue bounds how long one waits.
_THREADS = min(4, os.cpu_count() or 1)
_MOST_WAITING = 32 * _THREADS
_pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
_waiting = 0


def check_new_password(password: str, email: str = "") -> None:
    """Refuse a password that is too short, too long, or what a guesser tries first.

    Raises AccountRefusedError. Nothing is asked about which kinds of characters it has.
    """
    password = _normal(password)
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccountRefusedError(
            "password", f"Choose a password of {SHORTEST} to {LONGEST} characters."
        )
    if is_common(password):
        raise AccountRefusedError(
            "password",
            "This password is one that attackers try first. Choose another, "
            "for example four words that do not belong together.",
        )
    if _contains_address(password, email):
        raise AccountRefusedError(
            "password", "This password contains your e-mail address. Choose one without it."
        )


async def hash_password(password: str, email: str = "") -> str:
    """Hash a new password; raise AccountRefusedError for one that may not be used."""
    check_new_password(password, email)
    return await _in_pool(partial(HASHER.hash, _normal(password)))


async def verify_password(stored: str | None, password: str) -> bool:
    """Say whether `password` is the one hashed in `stored`; nothing takes as long and is False."""
    right = await _in_pool(partial(_matches, stored or DUMMY_HASH, _normal(password)))
    return right and bool(stored)


def needs_rehash(stored: str) -> bool:
    """Say whether a hash was made at another cost than today's."""
    return HASHER.check_needs_rehash(stored)


def _matches(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _contains_address(password: str, email: str) -> bool:
    name = _normal(email).strip().casefold().partition("@")[0]
    return len(name) >= SHORTEST_NAME and name in password.casefold()


def _normal(password: str) -> str:
    """Give one form to letters that keyboards compose differently (an e with an accent)."""
    return unicodedata.normalize("NFKC", password)


async def _in_pool(work: Callable[[], T]) -> T:
    """Do `work` on one of the few threads; raise TooBusyError when too many wait for them."""
    global _waiting  # noqa: PLW0603  one pool per process, and one count of who waits for it
    if _waiting >= _MOST_WAITING:
        raise TooBusyError
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_pool, work)
    finally:
        _waiting -= 1
