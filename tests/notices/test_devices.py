"""Is nothing that a browser hands over believed, and does a device go when it should?"""

import pytest

from nexus.accounts.sessions import Person, end_one_session, find_person, start_session
from nexus.core.db import Database
from nexus.notices.devices import (
    MOST_DEVICES,
    DeviceRefusedError,
    add_device,
    check_endpoint,
    check_keys,
    devices_of,
    remove_device,
)
from nexus.settings import Settings
from tests.notices.phones import Phone
from tests.scenes import Scene

HOSTS = Settings(environment="test").push_hosts
PHONE = Phone("https://fcm.googleapis.com/fcm/send/abc")


async def sign_in(database: Database, user_id: int) -> Person:
    async with database.transaction() as tx:
        token = await start_session(tx, user_id, user_agent="", network="")
        person = await find_person(tx, token)
    assert person is not None
    return person


async def add(scene: Scene, person: Person, endpoint: str, name: str = "Phone") -> None:
    async with scene.database.transaction() as tx:
        await add_device(
            tx, person,
            endpoint=endpoint, public_key=PHONE.public_key, auth=PHONE.auth, name=name,
        )  # fmt: skip


async def devices(scene: Scene, person: Person) -> list[tuple[str, bool]]:
    async with scene.database.transaction() as tx:
        return [(device.name, device.is_here) for device in await devices_of(tx, person)]


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://web.push.apple.com/abc",
        "https://wns2-par02p.notify.windows.com/w/?token=abc",
        "https://fcm.googleapis.com:443/fcm/send/abc",
    ],
)
def test_the_browsers_services_are_known(endpoint: str) -> None:
    check_endpoint(endpoint, HOSTS)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "fcm.googleapis.com",
        "http://fcm.googleapis.com/send",
        "https://fcm.googleapis.com:8443/send",
        "https://fcm.googleapis.com.evil.example/send",
        "https://evilfcm.googleapis.com.example/send",
        "https://notfcm.googleapis.com@evil.example/send",
        "https://me:pw@fcm.googleapis.com/send",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/send",
        "http://127.0.0.1:6379/",
        "https://[::1]/send",
        "https://[broken/send",
        "https://fcm.googleapis.com:port/send",
        "file:///etc/passwd",
        "https://fcm.googleapis.com/" + "a" * 1000,
    ],
)
def test_no_other_machine_is_ever_called(endpoint: str) -> None:
    with pytest.raises(DeviceRefusedError):
        check_endpoint(endpoint, HOSTS)


def test_whole_keys_are_taken() -> None:
    check_keys(PHONE.public_key, PHONE.auth)


@pytest.mark.parametrize(
    ("public_key", "auth"),
    [
        ("", PHONE.auth),
        (PHONE.public_key[:-4], PHONE.auth),
        ("B" + "A" * 86, PHONE.auth),
        ("not base64!", PHONE.auth),
        (PHONE.public_key, ""),
        (PHONE.public_key, PHONE.auth + "AAAA"),
        (PHONE.public_key, "not base64!"),
        (PHONE.public_key, "\N{SNOWMAN}" * 22),
    ],
    # Two workers that share the tests must call them the same, whatever keys each has made.
    ids=["no key", "cut key", "no point", "no base64", "no auth", "long auth", "bad auth", "snow"],
)
def test_keys_that_nothing_can_be_encrypted_with_are_refused(public_key: str, auth: str) -> None:
    with pytest.raises(DeviceRefusedError):
        check_keys(public_key, auth)


async def test_the_newest_stand_first_and_the_oldest_goes(scene: Scene) -> None:
    person = await sign_in(scene.database, await scene.person())
    for number in range(MOST_DEVICES + 1):
        await add(scene, person, f"https://push.example.com/{number}", str(number))
    found = await devices(scene, person)
    assert [name for name, _ in found] == [str(n) for n in range(MOST_DEVICES, 0, -1)]
    assert all(is_here for _, is_here in found)


async def test_a_browser_tells_only_whoever_asked_last(scene: Scene) -> None:
    alice = await sign_in(scene.database, await scene.person())
    bob = await sign_in(scene.database, await scene.person())
    await add(scene, alice, PHONE.endpoint)
    await add(scene, bob, PHONE.endpoint)
    assert await devices(scene, alice) == []
    assert await devices(scene, bob) == [("Phone", True)]


async def test_nobody_removes_a_device_of_somebody_else(scene: Scene) -> None:
    alice = await sign_in(scene.database, await scene.person())
    number = await PHONE.ask(scene.database, alice.id)
    async with scene.database.transaction() as tx:
        assert not await remove_device(tx, await scene.person(), number)
        assert await remove_device(tx, alice.id, number)
    assert await devices(scene, alice) == []


async def test_signing_out_ends_it_there(scene: Scene) -> None:
    """Whoever has the phone next is told nothing of its last owner's money."""
    alice = await sign_in(scene.database, await scene.person())
    await add(scene, alice, PHONE.endpoint)
    other = await sign_in(scene.database, alice.id)
    assert await devices(scene, other) == [("Phone", False)]
    async with scene.database.transaction() as tx:
        assert await end_one_session(tx, alice.id, alice.session_id)
    assert await devices(scene, other) == []
