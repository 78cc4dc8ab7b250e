"""Is only the right passkey accepted, shown now, to us, by its unlocked owner?"""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from nexus.accounts.errors import AccountRefusedError, FactorRefusedError
from nexus.accounts.models import Passkey
from nexus.accounts.passkeys import (
    MOST,
    PROVE,
    SIGN_IN,
    Place,
    add_passkey,
    ask_for_passkey,
    check_passkey,
    offer_passkey,
    place_of,
    remove_passkey,
    rename_passkey,
)
from nexus.accounts.register import create_user
from nexus.core.assets import load_assets
from nexus.core.db import Database
from nexus.core.site import Site
from tests.accounts.authenticator import Authenticator

SITE = Site("https://nexus.example", load_assets("auto"), b"a-secret-of-at-least-32-characters")
HERE = "session:1"


def device(**changes: Any) -> Authenticator:
    return Authenticator(**{"origin": "https://nexus.example", "rp_id": "nexus.example"} | changes)


@pytest.fixture
async def ada(database: Database) -> int:
    return await person(database, "ada@example.com")


async def person(database: Database, email: str) -> int:
    async with database.transaction() as tx:
        return await create_user(tx, email, "correct horse battery", "")


async def offer(database: Database, user_id: int, bound_to: str = HERE) -> dict[str, Any]:
    async with database.transaction() as tx:
        return await offer_passkey(
            tx, SITE, user_id=user_id, email="ada@example.com", display_name="", bound_to=bound_to
        )


async def add(
    database: Database, user_id: int, credential: str, name: str = "Phone", bound_to: str = HERE
) -> int:
    async with database.transaction() as tx:
        return await add_passkey(
            tx, SITE, user_id=user_id, bound_to=bound_to, credential=credential, name=name
        )


async def added(
    database: Database, user_id: int, used: Authenticator | None = None
) -> Authenticator:
    used = used or device()
    await add(database, user_id, used.create(await offer(database, user_id)))
    return used


async def ask(
    database: Database, kind: str = SIGN_IN, bound_to: str = HERE, user_id: int | None = None
) -> dict[str, Any]:
    async with database.transaction() as tx:
        return await ask_for_passkey(tx, SITE, kind, bound_to=bound_to, user_id=user_id)


async def check(
    database: Database,
    credential: str,
    kind: str = SIGN_IN,
    bound_to: str = HERE,
    user_id: int | None = None,
) -> int:
    """Check, and commit even when it is refused, as the routes do."""
    refused: FactorRefusedError
    async with database.transaction() as tx:
        try:
            shown = await check_passkey(
                tx, SITE, kind, bound_to=bound_to, credential=credential, user_id=user_id
            )
        except FactorRefusedError as error:
            refused = error
        else:
            return shown.user_id
    raise refused


# ------------------------------------------------------------------------------- where
@pytest.mark.parametrize(
    ("base_url", "place"),
    [
        ("https://nexus.example", Place("https://nexus.example", "nexus.example")),
        ("https://nexus.example:8443", Place("https://nexus.example:8443", "nexus.example")),
        ("http://127.0.0.1:8000", Place("http://localhost:8000", "localhost")),
        ("http://[::1]:8000", Place("http://localhost:8000", "localhost")),
        ("http://localhost:8000", Place("http://localhost:8000", "localhost")),
        # Nothing is loosened where it counts: with https the address is taken as it is.
        ("https://127.0.0.1:8000", Place("https://127.0.0.1:8000", "127.0.0.1")),
        ("http://192.0.2.7:8000", Place("http://192.0.2.7:8000", "192.0.2.7")),
    ],
)
def test_passkeys_belong_to_one_origin(base_url: str, place: Place) -> None:
    assert place_of(base_url) == place


# ------------------------------------------------------------------------------- adding
async def test_what_the_browser_is_told(database: Database, ada: int) -> None:
    told = await offer(database, ada)
    public = told["publicKey"]
    assert told["origin"] == "https://nexus.example"
    assert public["rp"] == {"name": "Nexus", "id": "nexus.example"}
    assert public["authenticatorSelection"]["userVerification"] == "required"
    assert public["authenticatorSelection"]["residentKey"] == "preferred"
    assert str(ada) not in public["user"]["id"]
    assert "ada" not in json.dumps(public["user"]["id"])
    assert public["excludeCredentials"] == []
    used = await added(database, ada)
    (known,) = (await offer(database, ada))["publicKey"]["excludeCredentials"]
    assert known["id"] == json.loads(used.create(told))["id"]


async def test_a_passkey_is_added_and_found_again(database: Database, ada: int) -> None:
    phone = await added(database, ada)
    assert await check(database, phone.get(await ask(database))) == ada
    async with database.transaction() as tx:
        row = (await tx.scalars(select(Passkey))).one()
    assert (row.name, row.transports, row.sign_count) == ("Phone", ["internal"], 1)
    assert row.last_used_at is not None


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://nexus.example.evil.example"},
        {"origin": "http://nexus.example"},
        {"origin": "https://www.nexus.example"},
        {"rp_id": "evil.example"},
        {"verifies": False},
    ],
)
async def test_what_is_not_ours_or_not_unlocked_is_not_added(
    database: Database, ada: int, lie: dict[str, Any]
) -> None:
    with pytest.raises(FactorRefusedError):
        await added(database, ada, device(**lie))
    async with database.transaction() as tx:
        assert (await tx.scalars(select(Passkey))).all() == []


async def test_a_challenge_adds_one_passkey_in_its_own_session(
    database: Database, ada: int
) -> None:
    told = await offer(database, ada)
    with pytest.raises(FactorRefusedError):
        await add(database, ada, device().create(told), bound_to="session:2")
    await add(database, ada, device().create(told))
    with pytest.raises(FactorRefusedError):
        await add(database, ada, device().create(told))
    to_sign_in = await ask(database)
    to_sign_in["publicKey"]["user"] = told["publicKey"]["user"]
    with pytest.raises(FactorRefusedError):
        await add(database, ada, device().create(to_sign_in))


async def test_one_passkey_is_one_persons(database: Database, ada: int) -> None:
    phone = await added(database, ada)
    bob = await person(database, "bob@example.com")
    with pytest.raises(FactorRefusedError, match="already"):
        await add(database, bob, phone.create(await offer(database, bob)))


async def test_there_is_an_end_to_how_many(database: Database, ada: int) -> None:
    for _ in range(MOST):
        await added(database, ada)
    with pytest.raises(FactorRefusedError, match="Remove one"):
        await added(database, ada)


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "line\nbreak", "\x00"])
async def test_a_name_that_cannot_be(database: Database, ada: int, name: str) -> None:
    credential = device().create(await offer(database, ada))
    with pytest.raises(AccountRefusedError):
        await add(database, ada, credential, name=name)


# ------------------------------------------------------------------------------- showing
@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.example"},
        {"rp_id": "evil.example"},
        {"verifies": False},
        {"key": Authenticator().key},
        {"user_handle": b"somebody else"},
    ],
)
async def test_what_is_not_ours_or_not_unlocked_is_refused(
    database: Database, ada: int, lie: dict[str, Any]
) -> None:
    phone = await added(database, ada)
    with pytest.raises(FactorRefusedError):
        await check(database, replace(phone, **lie).get(await ask(database)))
    assert await check(database, phone.get(await ask(database))) == ada


async def test_an_answer_counts_once(database: Database, ada: int) -> None:
    phone = await added(database, ada)
    answer = phone.get(await ask(database))
    assert await check(database, answer) == ada
    with pytest.raises(FactorRefusedError):
        await check(database, answer)


async def test_a_wrong_answer_uses_the_challenge_up_too(database: Database, ada: int) -> None:
    phone = await added(database, ada)
    told = await ask(database)
    with pytest.raises(FactorRefusedError):
        await check(database, replace(phone, verifies=False).get(told))
    with pytest.raises(FactorRefusedError):
        await check(database, phone.get(told))


async def test_a_challenge_is_for_its_session_and_purpose(database: Database, ada: int) -> None:
    phone = await added(database, ada)
    elsewhere = await ask(database, bound_to="session:2")
    with pytest.raises(FactorRefusedError):
        await check(database, phone.get(elsewhere))
    with pytest.raises(FactorRefusedError):
        await check(database, phone.get(await ask(database, kind=PROVE)))


async def test_a_copied_device_shows_in_its_counter(database: Database, ada: int) -> None:
    phone = await added(database, ada)
    copy = replace(phone)
    await check(database, phone.get(await ask(database)))
    await check(database, phone.get(await ask(database)))
    with pytest.raises(FactorRefusedError):
        await check(database, copy.get(await ask(database)))


async def test_a_device_that_does_not_count_is_accepted(database: Database, ada: int) -> None:
    phone = await added(database, ada)
    for _ in range(2):
        phone.count = -1
        assert await check(database, phone.get(await ask(database))) == ada


async def test_another_persons_passkey_proves_nothing(database: Database, ada: int) -> None:
    phone = await added(database, ada)
    bob = await person(database, "bob@example.com")
    told = await ask(database, PROVE, user_id=bob)
    assert told["publicKey"]["allowCredentials"] == []
    with pytest.raises(FactorRefusedError):
        await check(database, phone.get(told), PROVE, user_id=bob)
    mine = await ask(database, PROVE, user_id=ada)
    assert len(mine["publicKey"]["allowCredentials"]) == 1
    assert await check(database, phone.get(mine), PROVE, user_id=ada) == ada


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", '{"id": "a", "rawId": "a", "type": "public-key", "response": {}}',
     "\ud800", "1e999", '{"id": 1}', "[" * 10_000],
)  # fmt: skip
async def test_nonsense_is_refused_and_breaks_nothing(
    database: Database, ada: int, text: str
) -> None:
    with pytest.raises(FactorRefusedError):
        await check(database, text)
    with pytest.raises(FactorRefusedError):
        await add(database, ada, text)


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
async def test_a_cut_answer_is_refused(database: Database, ada: int, part: str) -> None:
    phone = await added(database, ada)
    answer = json.loads(phone.get(await ask(database)))
    answer["response"][part] = answer["response"][part][: len(answer["response"][part]) // 2]
    with pytest.raises(FactorRefusedError):
        await check(database, json.dumps(answer))


# ------------------------------------------------------------------------------- owning
async def test_only_the_owner_names_and_removes(database: Database, ada: int) -> None:
    await added(database, ada)
    bob = await person(database, "bob@example.com")
    async with database.transaction() as tx:
        number = (await tx.scalars(select(Passkey.id))).one()
        assert not await rename_passkey(tx, bob, number, "Mine")
        assert not await remove_passkey(tx, bob, number)
        assert await rename_passkey(tx, ada, number, " My phone ")
    async with database.transaction() as tx:
        assert (await tx.scalars(select(Passkey.name))).one() == "My phone"
        assert await remove_passkey(tx, ada, number)
        assert not await remove_passkey(tx, ada, number)
