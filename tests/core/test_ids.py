"""Is a number that nothing can have refused before anybody asks the database for it?"""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from litestar.exceptions import NotFoundException

from nexus.core.ids import LARGEST_ID, refuse_impossible_ids


def ask(**path_params: object) -> None:
    connection = SimpleNamespace(path_params=path_params)
    refuse_impossible_ids(cast("Any", connection), cast("Any", None))


@pytest.mark.parametrize("number", [0, -1, LARGEST_ID + 1, 10**40])
def test_what_cannot_be_an_id_is_not_there(number: int) -> None:
    with pytest.raises(NotFoundException):
        ask(bot_id=1, account_id=number)


def test_everything_else_is_the_routes_own_question() -> None:
    ask(bot_id=1, account_id=LARGEST_ID, name="10000000000000000000000", path="x")
    ask()
