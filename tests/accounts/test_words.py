"""Does every act that is written down have words for the person it is about?"""

import ast
from collections.abc import Iterator

import pytest

from nexus.accounts.words import ACTS, act_in_words
from tests.architecture.source import SOURCE

OURS_ALONE = {
    "audit_checked",
    "bots_closed_by_staff",
    "people_listed",
    "switch_released",
    "switch_stopped",
}
"""Acts that are about no person, so that nobody reads them but our staff."""
WRITERS = {"write_audit", "_write", "_note", "after_added", "after_removed"}


def acts_written() -> Iterator[str]:
    """Find the names of acts in what is handed to the functions that write them."""
    for folder in ("accounts", "admin", "bots"):
        for file in (SOURCE / folder).glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                match node:
                    case ast.Call(func=ast.Name(id=name), args=args) if name in WRITERS:
                        for argument in args:
                            yield from texts(argument)
                    case ast.Assign(targets=[ast.Name(id="act")], value=value):
                        yield from texts(value)


def texts(tree: ast.expr) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_act_has_words() -> None:
    written = {act for act in acts_written() if act.islower() and " " not in act} - OURS_ALONE
    assert len(written) > 20, "the search finds them"
    assert written <= ACTS.keys()


@pytest.mark.parametrize(
    ("act", "detail", "words"),
    [
        ("signed_in", {"how": "password"}, "Signed in, with the password"),
        ("signed_in", {"how": "google"}, "Signed in, with google"),
        ("sign_in_refused", {"how": "password", "tries": 1}, "Sign-in refused, with the password"),
        ("sign_in_refused", {"tries": 7}, "Sign-in refused, 7 times"),
        (
            "consent_given",
            {"document": "risk", "version": "2026-11-01"},
            "Document accepted, risk disclosure of 2026-11-01",
        ),
        ("role_granted", {"role": "admin", "reason": "ours"}, "Role changed, now admin"),
        ("something_new", {}, "Something new"),
    ],
)
def test_what_is_said(act: str, detail: dict[str, object], words: str) -> None:
    assert act_in_words(act, detail, by_staff=False) == words


def test_what_our_staff_did_is_said_and_why_is_not() -> None:
    said = act_in_words("person_disabled", {"reason": "a secret of ours"}, by_staff=True)
    assert said == "Account disabled, by our staff"
