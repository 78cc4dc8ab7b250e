"""Does the download hold everything about one person, nothing of another, and nothing secret?"""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from tempfile import TemporaryFile
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import LargeBinary, String, select, update

from nexus.accounts import export
from nexus.accounts.errors import TooManyAttemptsError
from nexus.accounts.export import export_person
from nexus.accounts.held import HELD, table_of
from nexus.accounts.models import User
from nexus.accounts.sessions import Person
from nexus.accounts.verify_audit import verify_audit
from tests.accounts.joining import join, mails
from tests.accounts.possessions import allow_anything, give_everything, made_up
from tests.website import Website

ADA, BEN = "ada@example.com", "ben@example.com"


def person(user_id: int, email: str = ADA) -> Person:
    return Person(user_id, email, "", 1, "trader", True, False, None, None)  # noqa: FBT003  as read


async def two_people(website: Website) -> tuple[int, int]:
    ada, ben = await website.add_person(ADA), await website.add_person(BEN)
    await allow_anything(website.database)
    await give_everything(website.database, ada, ADA)
    await give_everything(website.database, ben, BEN)
    return ada, ben


async def download(website: Website, who: Person) -> ZipFile:
    file = io.BytesIO()
    await export_person(website.database, website.app.state.throttle, who, "192.0.2.7", file)
    return ZipFile(file)


async def test_every_list_is_there_in_both_forms_and_says_the_same(website: Website) -> None:
    ada, _ = await two_people(website)
    archive = await download(website, person(ada))
    assert archive.testzip() is None
    wanted = {f"{form}/{name}.{form}" for name in HELD for form in ("json", "csv")}
    assert set(archive.namelist()) == wanted | {"README.txt"}
    for name, held in HELD.items():
        rows: list[dict[str, Any]] = json.loads(archive.read(f"json/{name}.json"))
        lines = list(csv.DictReader(io.StringIO(archive.read(f"csv/{name}.csv").decode())))
        assert rows, name
        assert len(rows) == len(lines), name
        columns = [c.name for c in table_of(name).columns if c.name not in held.secret]
        assert list(rows[0]) == list(lines[0]) == columns, name
        assert f"{name}: {held.words}" in archive.read("README.txt").decode()


async def test_it_is_all_hers_and_nothing_of_his(website: Website) -> None:
    ada, ben = await two_people(website)
    archive = await download(website, person(ada))
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert f"of {ben}!" not in everything
    assert BEN not in everything.lower()
    for name, held in HELD.items():
        for column in table_of(name).columns:
            made = name != "users" and not column.foreign_keys and column.name != held.by_address
            if made and isinstance(column.type, String):
                value = made_up(name, column.name, column.type, ada)
                assert (value in everything) is (column.name not in held.secret), value
            if isinstance(column.type, LargeBinary):
                assert made_up(name, column.name, column.type, ada).decode() not in everything


async def test_no_link_and_no_code_that_lets_somebody_in(website: Website) -> None:
    async with website.browser() as browser:
        await join(website, browser, ADA)
        await browser.send("/forgot", await browser.token("/forgot"), email=ADA)
        page = "/settings/email"
        await browser.send(page, await browser.token(page), email="new@example.com")
    async with website.database.transaction() as tx:
        ada = await tx.scalar(select(User.id))
    archive = await download(website, person(ada or 0))
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    hers = [mail for mail in await mails(website) if mail.to_address == ADA]
    assert {mail.kind for mail in hers} == {"verify", "reset", "change_from"}
    for mail in hers:
        assert mail.token not in everything, mail.kind
    assert hers[0].code not in everything
    assert hers[0].code.replace(" ", "") not in everything
    assert "Welcome to Nexus." in everything, "the words themselves are hers to keep"


async def test_taking_it_is_written_down_and_the_audit_stays_whole(website: Website) -> None:
    ada = await website.add_person(ADA)
    archive = await download(website, person(ada))
    acts = [row["act"] for row in json.loads(archive.read("json/audit_log.json"))]
    assert acts[-1] == "data_exported", "and the file itself says so"
    async with website.database.transaction() as tx:
        assert [finding async for finding in verify_audit(tx)] == []


async def test_it_may_be_taken_a_few_times_an_hour(website: Website) -> None:
    ada = await website.add_person(ADA)
    for _ in range(export.PER_PERSON.limit):
        await download(website, person(ada))
    with pytest.raises(TooManyAttemptsError):
        await download(website, person(ada))


async def test_many_rows_are_read_a_few_at_a_time(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 2)
    ada = await website.add_person(ADA)
    for _ in range(5):
        archive = await download(website, person(ada))
    rows = json.loads(archive.read("json/audit_log.json"))
    assert [row["act"] for row in rows][-5:] == ["data_exported"] * 5


async def test_a_spreadsheet_takes_no_text_for_a_formula(website: Website) -> None:
    ada = await website.add_person(ADA)
    async with website.database.transaction() as tx:
        await tx.execute(update(User).values(display_name='=HYPERLINK("//evil.example")'))
    archive = await download(website, person(ada))
    [line] = csv.DictReader(io.StringIO(archive.read("csv/users.csv").decode()))
    assert line["display_name"] == '\'=HYPERLINK("//evil.example")'
    assert line["id"] == str(ada)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("plain", "plain"),
        (Decimal("-1.50"), "-1.50"),
        (True, "True"),
        ({"a": Decimal("0.1")}, '{"a":"0.1"}'),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
    ],
)
def test_how_a_value_is_written(value: object, cell: str) -> None:
    assert export._cell(value) == cell


def test_bytes_cannot_be_written_by_mistake() -> None:
    with pytest.raises(TypeError, match="not for an export"):
        export._plain(b"a key")


async def test_no_connection_is_held_while_the_file_is_sent(website: Website) -> None:
    ada = await website.add_person(ADA)
    with TemporaryFile() as file:
        await export_person(website.database, website.app.state.throttle, person(ada), "", file)
        assert website.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
