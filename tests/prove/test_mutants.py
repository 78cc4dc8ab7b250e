"""Is every safeguard that a mutant takes away still where it says, and every test still there?"""

import ast

import pytest

from prove.mutants import MUTANTS, ROOT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_it_takes_away_is_there_once(mutant: Mutant) -> None:
    whole = (ROOT / mutant.path).read_text()
    assert whole.count(mutant.text) == 1
    assert mutant.also[0] in whole
    ast.parse(mutant.taken_away(whole))
    assert all((ROOT / test).is_file() for test in mutant.tests)


def test_no_two_have_one_name() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
