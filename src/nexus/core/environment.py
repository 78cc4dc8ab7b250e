"""How is the environment read? Lists, mistakes in sentences, and an example file."""

import re
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError, ValidationInfo
from pydantic.fields import FieldInfo

LOGIN = re.compile(r"^([a-z][a-z0-9+.-]*://)?.*@", re.IGNORECASE | re.DOTALL)
"""The name and password of an address, behind its scheme."""


def split_list(value: Any) -> Any:
    """Read `a, b,c` as a list; anything that is not text stays what it is."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def split_pairs(value: Any) -> Any:
    """Read `a=1, b=2` as a mapping; anything that is not text stays what it is."""
    parts = split_list(value)
    if not isinstance(parts, list):
        return parts
    pairs = [part.partition("=")[::2] for part in parts]
    if any(not name or not held for name, held in pairs) or len(dict(pairs)) != len(pairs):
        raise ValueError("must be name=value, separated by commas, each name once")
    return dict(pairs)


def web_address(value: str) -> str:
    """Demand a whole web address, and take it without a slash at its end."""
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/")


def above(value: int, info: ValidationInfo, smaller: str) -> int:
    """Refuse a value that is not above the field named `smaller`, so far as that one is valid."""
    if smaller in info.data and value <= info.data[smaller]:
        raise ValueError(f"must be greater than {smaller.upper()} ({info.data[smaller]})")
    return value


def sentences(error: ValidationError, settings: type[BaseModel]) -> list[str]:
    """Turn each mistake into: VARIABLE: what is allowed; given: what stood there."""
    # A network that is neither of the two kinds is one mistake, not two.
    return list(dict.fromkeys(_sentence(mistake, settings) for mistake in error.errors()))


KINDS = {
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "decimal_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "ip_v4_network": "must be networks like 10.0.0.0/8, separated by commas",
    "ip_v6_network": "must be networks like 10.0.0.0/8, separated by commas",
}
"""What Pydantic says of text that is of no use at all, in words for who sets a variable."""


def _sentence(mistake: Any, settings: type[BaseModel]) -> str:
    name = str(mistake["loc"][0])
    field = settings.model_fields[name]
    secret = field.annotation is SecretStr
    given = "(a secret, not shown)" if secret else repr(_without_login(mistake["input"]))
    message = mistake["msg"].removeprefix("Value error, ")
    if mistake["type"] in KINDS:
        message = KINDS[mistake["type"]] + _range(field)
    return f"{name.upper()}: {message}; given: {given}"


def _range(field: FieldInfo) -> str:
    """Say between which numbers a value must lie, as far as the field does."""
    words = {"ge": "from", "gt": "above", "le": "to", "lt": "below"}
    found = [
        f" {word} {bound}"
        for sign, word in words.items()
        for bound in (getattr(part, sign, None) for part in field.metadata)
        if bound is not None
    ]
    return "".join(found)


def _without_login(value: Any) -> Any:
    """Blot out the name and password of an address: a mistake in it is shown, and logged."""
    return LOGIN.sub(r"\1***@", value) if isinstance(value, str) else value


def example(group: type[BaseModel]) -> str:
    """Write a group of settings with their meanings and defaults, as an environment file has it."""
    lines = ["", f"# --- {group.__doc__}"]
    for name, field in group.model_fields.items():
        lines += [f"# {field.description}", f"{name.upper()}={_as_text(field.default)}"]
    return "\n".join(lines) + "\n"


def _as_text(value: Any) -> str:
    """Write a default the way it would stand in the environment."""
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)
    if isinstance(value, dict):
        return ",".join(f"{name}={held}" for name, held in value.items())
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value)
