"""Can a number in an address be the number of anything?

PostgreSQL answers one that is too large with an error, so no route gets to ask it.
"""

from typing import Final

from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler

from nexus.core.site import Connection

LARGEST_ID: Final = 2**63 - 1
"""The largest number that PostgreSQL keeps as an id."""


def refuse_impossible_ids(connection: Connection, _handler: BaseRouteHandler) -> None:
    """Guard: raise NotFoundException for a number that nothing can have."""
    numbers = (value for value in connection.path_params.values() if isinstance(value, int))
    if any(not 0 < number <= LARGEST_ID for number in numbers):
        raise NotFoundException
