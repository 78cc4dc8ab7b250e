"""Which reason codes can the code base write? Read from its source, so that none is forgotten."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "nexus"

WRITERS = ("bots/limits.py", "fanout/*.py", "execution/*.py", "exchanges/guard.py")
"""Where plans and orders get their reasons. The gate's verdicts carry a sentence themselves."""

REASON = re.compile(r"(?=[A-Z_{}]*[A-Z]{2})[A-Z_{}]+: ?")
"""`CODE: key=value`; what is computed stands as `{}`."""

COMPUTED = {
    "BOT_{}": ("PAUSED", "STOPPED", "CLOSING"),
    "{}_BELOW_MINIMUM": (
        "ORDER",
        "BALANCE",
        "TIER",
        "USER_LIMIT",
        "TRADE_LIMIT",
        "ALLOCATION_LIMIT",
    ),
}
"""What the computed part of a code can be: the bot's states, and the limits on an order."""


def reasons_in(source: str) -> set[str]:
    """Give every reason that a file writes: its code, and the keys that stand behind it."""
    tree = ast.parse(source)
    docstrings = {id(text) for text in _docstrings(tree)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
             for part in node.values}  # fmt: skip
    texts = [
        _text(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in docstrings | parts
    ]
    return {text for text in texts if REASON.match(text)}


def spelt_out(reason: str) -> list[str]:
    """Give a reason with everything computed filled in, once for each code it can have."""
    code, _, rest = reason.partition(":")
    choices = COMPUTED[code] if "{}" in code else ("",)
    return [f"{code.replace('{}', part)}:{rest.replace('{}', '1.5')}" for part in choices]


def all_reasons() -> list[str]:
    """Give every reason that is written anywhere."""
    files = [file for place in WRITERS for file in sorted(SOURCE.glob(place))]
    found = set().union(*(reasons_in(file.read_text()) for file in files))
    return sorted({spelt for reason in found for spelt in spelt_out(reason)})


def _text(node: ast.JoinedStr | ast.Constant) -> str:
    if isinstance(node, ast.JoinedStr):
        values = node.values
        return "".join(
            part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "{}"
            for part in values
        )
    return node.value if isinstance(node.value, str) else ""


def _docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Find strings that stand for themselves: they describe, and are written nowhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def checks_of(table: type) -> str:
    """Give the text of a table's check on its status."""
    [text] = [
        str(check.sqltext)
        for check in table.__table__.constraints  # type: ignore[attr-defined]
        if "status IN" in str(getattr(check, "sqltext", ""))
    ]
    return text


def statuses_of(table: type) -> set[str]:
    return set(re.findall(r"'(\w+)'", checks_of(table)))
