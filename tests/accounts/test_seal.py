"""Can a sealed secret be read only by us, and only as its owner's?"""

import pytest
from cryptography.exceptions import InvalidTag

from nexus.accounts.seal import seal, unseal

OURS = b"a-secret-of-at-least-32-characters"
SECRET = b"JBSWY3DPEHPK3PXP"


def test_what_was_sealed_opens_again() -> None:
    assert unseal(OURS, 7, seal(OURS, 7, SECRET)) == SECRET


def test_nothing_of_it_can_be_read_and_no_two_are_alike() -> None:
    one, other = seal(OURS, 7, SECRET), seal(OURS, 7, SECRET)
    assert SECRET not in one
    assert one != other


@pytest.mark.parametrize(("key", "person"), [(OURS, 8), (b"another secret of 32 characters!", 7)])
def test_it_opens_for_nobody_else_and_with_no_other_key(key: bytes, person: int) -> None:
    sealed = seal(OURS, 7, SECRET)
    with pytest.raises(InvalidTag):
        unseal(key, person, sealed)


def test_a_changed_byte_is_noticed() -> None:
    sealed = bytearray(seal(OURS, 7, SECRET))
    sealed[-1] ^= 1
    with pytest.raises(InvalidTag):
        unseal(OURS, 7, bytes(sealed))
