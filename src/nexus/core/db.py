"""How do we read and write? One rule: returning commits, raising rolls back, rings leave after.

Nobody outside this file commits. A transaction collects *facts* (what happened) and *rings*
(jobs to start): reactions to the facts are written in the same transaction, and the rings and
publications leave only once it has been committed.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, cast

import structlog
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Identity,
    MetaData,
    Numeric,
    String,
    Update,
    any_,
    bindparam,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, mapped_column

log = structlog.get_logger()

AfterCommit = Callable[[], Awaitable[None]]
Reaction = Callable[["Transaction", Sequence[Any]], Awaitable[None]]

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Amount = Annotated[Decimal, mapped_column(Numeric(30, 12))]
"""Money, prices and quantities: twelve places are more than any venue's eight."""


class Table(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy reads it from the class
        int: BigInteger,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


UNLOGGED = {"prefixes": ["UNLOGGED"]}
"""`__table_args__` of a table that may be emptied at any moment and is rebuilt in minutes."""


class Transaction(AsyncSession):
    """A session that also carries what must happen once it has been committed."""

    def __init__(self, *args: Any, reactions: Mapping[type, Sequence[Reaction]], **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._reactions = reactions
        self._facts: list[Any] = []
        self._after_commit: list[AfterCommit] = []

    def announce(self, *facts: object) -> None:
        """Say what happened; whoever reacts writes in this same transaction."""
        self._facts.extend(facts)

    def after_commit(self, act: AfterCommit) -> None:
        """Do `act` once this transaction has been committed, never before."""
        self._after_commit.append(act)

    async def react(self) -> None:
        """Let the reactions to the announced facts write, a batch per kind of fact."""
        while self._facts:
            batches: dict[type, list[Any]] = defaultdict(list)
            for fact in self._facts:
                batches[type(fact)].append(fact)
            self._facts.clear()
            for kind, facts in batches.items():
                for reaction in self._reactions.get(kind, ()):
                    await reaction(self, facts)

    async def leave(self) -> None:
        """Do what waited for the commit. A failure here is logged: the rows are the truth."""
        for act in self._after_commit:
            try:
                await act()
            except Exception:
                log.exception("after_commit_failed")


class Database:
    """One process's connections to PostgreSQL."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        pooled_elsewhere: bool = True,
        may_go_away: bool = True,
        reactions: Mapping[type, Sequence[Reaction]] | None = None,
    ) -> None:
        # A transaction pooler in front of PostgreSQL breaks prepared statements.
        prepare_threshold = None if pooled_elsewhere else 5
        self.engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_pre_ping=may_go_away,
            # An error must not carry the values of its statement into a log.
            hide_parameters=True,
            connect_args={"prepare_threshold": prepare_threshold, "connect_timeout": 5},
        )
        self._reactions = reactions or {}

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction: leaving the block commits it, raising rolls it back."""
        async with Transaction(
            self.engine, expire_on_commit=False, reactions=self._reactions
        ) as tx:
            yield tx
            await tx.react()
            await tx.commit()
        await tx.leave()

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()


def insert_rows(
    table: type[Table], rows: Sequence[Mapping[str, Any]]
) -> tuple[Insert, dict[str, list[Any]]]:
    """Give a statement that inserts all rows at once, and its parameters: an array per column.

    Thousands of rows travel in one message, and the statement is the same for any number of
    them, so it is built, and planned by PostgreSQL, once. Every row must have the same columns.
    """
    names = tuple(rows[0])
    return _insert_of(table, names), {name: [row[name] for row in rows] for name in names}


def among(column: Any, values: Iterable[Any]) -> ColumnElement[bool]:
    """Say that a column is one of the values.

    Unlike `in_` the values travel as one array, so the statement is the same for any number of
    them: SQLAlchemy compiles it once, and PostgreSQL plans it once.
    """
    return cast("ColumnElement[bool]", column == any_(literal(list(values), ARRAY(column.type))))


def one_of(column: Any, *words: str) -> ColumnElement[bool]:
    """Say that a column is one of the words, written into the statement itself.

    Only so can a prepared statement use an index that was made for just these words.
    """
    constants = [literal(word, String(), literal_execute=True) for word in words]
    return cast("ColumnElement[bool]", column.in_(constants))


async def update_rows(
    tx: Transaction, table: type[Table], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Overwrite columns of the rows with the given ids. Every row must have the same columns."""
    if not rows:
        return
    names = tuple(rows[0])
    columns = {f"new_{name}": [row[name] for row in rows] for name in names}
    await tx.execute(_update_of(table, names), columns)


async def upsert(
    tx: Transaction,
    table: type[Table],
    rows: Sequence[Mapping[str, Any]],
    *,
    keys: Sequence[str],
    adding: Sequence[str] = (),
) -> None:
    """Insert rows; where one with the same `keys` exists, overwrite its other columns.

    The columns named in `adding` are added to instead. Every row must have the same columns, and
    no two the same keys.
    """
    if not rows:
        return
    _, columns = insert_rows(table, rows)
    await tx.execute(_upsert_of(table, tuple(columns), tuple(keys), tuple(adding)), columns)


@cache
def _insert_of(table: type[Table], names: tuple[str, ...]) -> Insert:
    target = cast("Any", table.__table__)
    return insert(target).from_select(list(names), select(_given(table, names)))


@cache
def _update_of(table: type[Table], names: tuple[str, ...]) -> Update:
    # SQLAlchemy keeps the columns' own names for itself in an update.
    target, given = cast("Any", table.__table__), _given(table, names, prefix="new_")
    changes = {name: given.c[name] for name in names if name != "id"}
    return update(target).where(target.c.id == given.c.id).values(changes)


def _given(table: type[Table], names: tuple[str, ...], prefix: str = "") -> Any:
    """Read rows from arrays, one per column, as if they were a table."""
    target = cast("Any", table.__table__)
    arrays = [
        bindparam(prefix + name, type_=ARRAY(target.c[name].type, dimensions=1), required=True)
        for name in names
    ]
    return func.unnest(*arrays).table_valued(*names).render_derived(name="given")


@cache
def _upsert_of(
    table: type[Table], names: tuple[str, ...], keys: tuple[str, ...], adding: tuple[str, ...]
) -> Insert:
    target, fresh = cast("Any", table.__table__), _insert_of(table, names)
    changes = {
        name: target.c[name] + fresh.excluded[name] if name in adding else fresh.excluded[name]
        for name in names
        if name not in keys
    }
    return fresh.on_conflict_do_update(index_elements=keys, set_=changes)
