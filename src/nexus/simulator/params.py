"""What did the client send, and is every parameter well formed?

Everything is read from the raw query and body, because that is what was signed.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Self
from urllib.parse import parse_qsl

import orjson

from nexus.simulator.errors import (
    ApiError,
    bad_combination,
    illegal_characters,
    invalid_data,
    missing,
)

DECIMAL = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
INTEGER = r"^[0-9]{1,20}$"
CLIENT_ID = r"^[a-zA-Z0-9-_]{1,36}$"
SYMBOL = r"^[A-Z0-9-_.]{1,20}$"
SYMBOLS = r'^\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\]$'
MOST_DECIMALS = 8
MOST_ROWS = 1_000


class Params:
    """The parameters of one request by name; each reader raises what Binance would answer."""

    def __init__(self, query: str, body: str = "") -> None:
        self.values: dict[str, str] = {}
        for part in (query, body):
            for name, value in parse_qsl(part, keep_blank_values=True):
                if name in self.values:
                    raise ApiError(-1101, "Duplicate values for a parameter detected.")
                self.values[name] = value

    @classmethod
    def of(cls, values: dict[str, str]) -> Self:
        """Read parameters that come by name, as over a WebSocket."""
        params = cls("")
        params.values = values
        return params

    def refuse_unknown(self, allowed: frozenset[str]) -> None:
        sent = len(self.values)
        read = sum(name in allowed for name in self.values)
        if sent > read:
            raise ApiError(
                -1104,
                f"Not all sent parameters were read; read '{read}' parameter(s) "
                f"but was sent '{sent}'.",
            )

    def text(self, name: str, legal: str | None = None) -> str | None:
        """Return the value, or None when it was not sent; `legal` is the pattern Binance names."""
        value = self.values.get(name)
        if value == "":
            raise ApiError(-1105, f"Parameter '{name}' was empty.")
        if value is not None and legal is not None and not re.fullmatch(legal, value):
            raise illegal_characters(name, legal)
        return value

    def required(self, name: str) -> str:
        value = self.values.get(name)
        if not value:
            raise missing(name)
        return value

    def integer(self, name: str) -> int | None:
        value = self.text(name, INTEGER)
        return None if value is None else int(value)

    def amount(self, name: str) -> Decimal | None:
        """Return a plain decimal of at most eight places; signs and exponents are refused."""
        value = self.text(name, DECIMAL)
        if value is None:
            return None
        if len(value.partition(".")[2].rstrip("0")) > MOST_DECIMALS:
            raise ApiError(-1111, f"Parameter '{name}' has too much precision.")
        return Decimal(value)

    def flag(self, name: str) -> bool:
        value = self.text(name)
        if value is None:
            return False
        if value.lower() not in ("true", "false"):
            raise illegal_characters(name, "true|false")
        return value.lower() == "true"

    def limit(self, usual: int = 500, most: int = MOST_ROWS) -> int:
        value = self.integer("limit")
        if value is None:
            return usual
        if value < 1:
            raise invalid_data("limit")
        return min(value, most)

    def symbol(self, known: Iterable[str]) -> str:
        self.required("symbol")
        return self.symbol_or_none(known) or ""

    def symbol_or_none(self, known: Iterable[str]) -> str | None:
        value = self.text("symbol", SYMBOL)
        if value is not None and value not in known:
            raise ApiError(-1121, "Invalid symbol.")
        return value

    def symbols(self, known: Iterable[str]) -> list[str] | None:
        """Return the list in `symbols`, None when it was not sent; not both forms at once."""
        value = self.text("symbols")
        if value is None:
            return None
        if "symbol" in self.values:
            raise bad_combination()
        if not re.fullmatch(SYMBOLS, value):
            raise illegal_characters("symbols", SYMBOLS)
        names: list[str] = orjson.loads(value)
        if len(set(names)) < len(names):
            raise ApiError(-1151, "Symbol is present multiple times in the list.")
        if not names or any(name not in known for name in names):
            raise ApiError(-1121, "Invalid symbol.")
        return names
