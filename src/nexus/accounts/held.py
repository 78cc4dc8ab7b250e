"""What do we hold about a person, how is it found, and what becomes of it when they leave?

Every table that leads to a person stands here; one that does not fails a test. The tables are
named, not imported, because most of them belong to folders further down the sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy import Table as SqlTable

from nexus.core.db import Table


@dataclass(frozen=True)
class Held:
    """One table's rows about a person."""

    words: str
    """What they are, for whoever opens the download."""
    secret: frozenset[str] = frozenset()
    """Columns that leave the database never: what they prove, they prove to us."""
    blotted: frozenset[str] = frozenset()
    """Columns with words to the person, given without the tokens and codes in them."""
    by_address: str = ""
    """The column with an e-mail address, where rows name nobody otherwise."""
    kept: bool = False
    """Whether the rows stay when the person is erased, because the books need them."""
    blanked: Mapping[str, Any] = field(default_factory=dict)
    """What is written over in rows that stay."""


def _held(words: str, *secret: str, by_address: str = "") -> Held:
    return Held(words, frozenset(secret), by_address=by_address)


def _kept(words: str, *secret: str, **blanked: Any) -> Held:
    return Held(words, frozenset(secret), kept=True, blanked=blanked)


HELD: Final[Mapping[str, Held]] = {
    # who somebody is
    "users": _kept("Your profile.", "password_hash"),
    "identities": _held("Accounts elsewhere that sign you in."),
    "sessions": _held("Browsers in which you are signed in.", "token_sha256"),
    "known_browsers": _held("Browsers in which you have signed in.", "token_sha256"),
    "email_links": _held("Links we sent you.", "token_sha256"),
    "totp_secrets": _held("Your authenticator app.", "sealed"),
    "recovery_codes": _held("Your recovery codes.", "code_sha256"),
    "passkeys": _held("Your passkeys.", "public_key", "credential_id"),
    "onboarding_steps": _held("First steps you put aside."),
    "sign_ups": _held(
        "Your wish to sign up.",
        *("password_hash", "visitor_sha256", "token_sha256", "code_hmac"),
        by_address="email",
    ),
    "mail_outbox": Held(
        "Mails to you, without the links and codes that let you in.",
        blotted=frozenset({"subject", "body"}),
        by_address="to_address",
    ),
    "consents": _kept("Documents you accepted.", network=""),
    "audit_log": _kept("What happened in your account.", "previous_hash", "hash"),
    # what they pay, connect and run
    "entitlements": _held("Your tier."),
    "exchange_accounts": _kept("Your exchange accounts.", label="", status="removed", venue_uid=""),
    "api_keys": _held(
        "Your exchange keys, without the keys.",
        *("kid", "wrap_nonce", "wrapped_dek", "nonce", "ciphertext", "fingerprint"),
    ),
    "key_drops": _held("Keys you were about to hand in.", "key_box", "secret_box"),
    "account_balances": _held("What was on your exchange accounts."),
    "daily_spending": _held("What your accounts bought, day by day."),
    "paper_balances": _held("What is on your practice accounts."),
    "paper_orders": _held("Orders on your practice accounts."),
    "notice_choices": _held("What you want to be told, and how."),
    "push_devices": _held("Browsers that are told.", "endpoint", "public_key", "auth"),
    "push_notes": _held("Notices on their way to you."),
    "feed_items": _held("Lines of your live feed."),
    "user_limits": _held("Your limits."),
    "result_peaks": _held("The highest results of your bots, for your limits."),
    "equity_points": _held("What your accounts came to over time."),
    "bots": _kept("Your bots.", status="stopped", status_reason=""),
    # the books
    "holdings": _kept("What your bots hold."),
    "close_requests": _kept("When you stopped and closed a bot.", "idempotency_key"),
    "resting_stops": _kept("Stops of your bots that rest at an exchange."),
    "execution_plans": _kept("What was planned for your bots."),
    "orders": _kept("Orders of your bots."),
    "order_events": _kept("What became of those orders."),
    "fills": _kept("What was bought and sold."),
    "orphan_orders": _kept("Orders on your accounts that look like ours and are in no book."),
}

FLEETING: Final[Mapping[str, str]] = {
    "challenges": "Random bytes that are gone within ten minutes.",
}
"""Tables that lead to a person and are about nobody."""


def table_of(name: str) -> SqlTable:
    """Give the table with this name."""
    return Table.metadata.tables[name]


def rows_about(name: str, user_id: int, email_key: str) -> ColumnElement[bool]:
    """Select a table's rows about one person."""
    table = table_of(name)
    if name == "users":
        return table.c.id == user_id
    if address := HELD[name].by_address:
        theirs = func.lower(table.c[address]) == email_key
        if name != "mail_outbox":
            return theirs
        # An address may have had another owner: what was theirs bears their number.
        return (table.c.user_id == user_id) | (table.c.user_id.is_(None) & theirs)
    if "user_id" in table.c:
        return table.c.user_id == user_id
    column, owner = _owner(table)
    return column.in_(_ids(owner, user_id, email_key))


def _owner(table: SqlTable) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Find by which column a row belongs to one of another table: one that is always filled."""
    for column in sorted(table.columns, key=lambda column: column.name):
        for key in column.foreign_keys:
            if not column.nullable and key.column.table.name in HELD:
                return column, key.column
    raise LookupError(f"{table.name} belongs to no table of HELD")


def _ids(owner: Any, user_id: int, email_key: str) -> Select[Any]:
    return select(owner).where(rows_about(owner.table.name, user_id, email_key))
