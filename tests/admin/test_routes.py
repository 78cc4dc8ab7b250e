"""Do the rooms show what helping takes, and does every look and act stay in the audit?"""

import pytest
from sqlalchemy import func, select, update

from nexus.accounts.models import Passkey, Session
from nexus.mail.models import OutgoingMail
from tests.accounts.people import let_proof_grow_old
from tests.admin.rooms import CAROL, WHY, entries, hire, person, room, sign_in_as
from tests.website import Website

ALICE = "alice@example.com"


async def test_people_are_found_by_a_part_of_their_address(website: Website) -> None:
    for name in ("alice", "bob", "100%_sure"):
        await website.add_person(f"{name}@example.com")
    async with room(website, "reader") as browser:
        everybody = (await browser.get("/admin")).text
        assert everybody.index("100%_sure@") < everybody.index("bob@") < everybody.index("alice@")
        found = (await browser.get("/admin", params={"email": "ALICE@"})).text
        assert ALICE in found
        assert "bob@" not in found
        # What means something to the database means only itself here.
        found = (await browser.get("/admin", params={"email": "%_s"})).text
        assert "100%_sure@" in found
        assert ALICE not in found
        for nobody in ("zoe", "\0", "%"):
            answer = await browser.get("/admin", params={"email": f"{nobody}x"})
            assert "Nobody has such an address." in answer.text
    assert [entry.detail["searched"] for entry in await entries(website.database, "people_listed")][
        :2
    ] == [False, True]


async def test_older_people_are_a_page_further(website: Website) -> None:
    ids = [await website.add_person(f"person-{number}@example.com") for number in range(3)]
    async with room(website, "reader") as browser:
        page = (await browser.get("/admin", params={"before": str(ids[1])})).text
        assert "person-0@" in page
        assert "person-1@" not in page
        for odd in ("-1", "0x1", str(2**63), "9" * 5000, "\N{SUPERSCRIPT TWO}"):
            assert (await browser.get("/admin", params={"before": odd})).status_code == 200


async def test_a_look_at_somebody_is_written_down(website: Website) -> None:
    alice = await website.add_person(ALICE, name="Alice Liddell")
    async with room(website, "reader") as browser:
        page = (await browser.get(f"/admin/people/{alice}")).text
        assert ALICE in page
        # Readers help nobody, and a name is not needed to help.
        assert "Disable the account" not in page
        assert "Liddell" not in page
        for nobody in ("0", "-1", "999999", str(2**63), "9" * 3000, "one"):
            assert (await browser.get(f"/admin/people/{nobody}")).status_code == 404
    (entry,) = await entries(website.database, "person_viewed")
    assert (entry.user_id, entry.network) == (alice, "127.0.0.1")
    assert entry.actor_id
    assert (await person(website.database, entry.actor_id)).email == CAROL


async def test_support_signs_somebody_out_everywhere(website: Website) -> None:
    alice = await website.add_person(ALICE)
    async with room(website, "support") as carol, website.browser() as hers:
        await sign_in_as(website, hers, alice)
        assert (await hers.get("/")).status_code == 200
        path = f"/admin/people/{alice}"
        token = await carol.token(path)
        assert "An unknown browser" in (await carol.get(path)).text, "never as the browser says it"
        answer = await carol.send(path, token, act="end_sessions", reason=WHY)
        assert answer.headers["location"] == path
        assert (await hers.get("/")).status_code == 303
        assert "signed in nowhere" in (await carol.get(path)).text
    (entry,) = await entries(website.database, "sessions_ended")
    assert (entry.user_id, entry.detail) == (alice, {"reason": WHY, "sessions": 1})


async def test_disabled_is_out_at_once_until_enabled(website: Website) -> None:
    alice = await website.add_person(ALICE)
    async with room(website, "support") as carol, website.browser() as hers:
        await sign_in_as(website, hers, alice)
        path = f"/admin/people/{alice}"
        token = await carol.token(path)
        await carol.send(path, token, act="disable", reason=WHY)
        assert (await hers.get("/")).status_code == 303
        assert (await hers.sign_in(ALICE)).status_code == 422
        since = (await person(website.database, alice)).disabled_at
        await carol.send(path, token, act="disable", reason=WHY)
        assert (await person(website.database, alice)).disabled_at == since
        await carol.send(path, token, act="enable", reason=WHY)
        assert (await hers.sign_in(ALICE)).status_code == 303
    assert len(await entries(website.database, "person_disabled")) == 2
    assert len(await entries(website.database, "person_enabled")) == 1


async def test_support_mails_a_link_and_never_sees_it(website: Website) -> None:
    alice = await website.add_person(ALICE)
    async with room(website, "support") as carol:
        path = f"/admin/people/{alice}"
        token = await carol.token(path)
        answer = await carol.send(path, token, act="send_reset", reason=WHY)
        assert answer.status_code == 303
        async with website.database.transaction() as tx:
            (mail,) = await tx.scalars(select(OutgoingMail))
        assert mail.to_address == ALICE
        link = mail.body.partition("token=")[2].split()[0]
        assert len(link) > 40
        assert link not in (await carol.get(path)).text
    (entry,) = await entries(website.database, "reset_sent")
    assert link not in str(entry.detail)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"act": "disable", "reason": ""}, "why you do this"),
        ({"act": "disable", "reason": "x" * 201}, "why you do this"),
        ({"act": "disable", "reason": "a right-to-left \u202e trick"}, "why you do this"),
        ({"act": "delete", "reason": WHY}, "Press one of the buttons."),
        ({"act": "", "reason": WHY}, "Press one of the buttons."),
    ],
)
async def test_an_act_without_a_reason_is_none(
    website: Website, fields: dict[str, str], sentence: str
) -> None:
    alice = await website.add_person(ALICE)
    async with room(website, "support") as carol:
        path = f"/admin/people/{alice}"
        answer = await carol.send(path, await carol.token(path), **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert (await person(website.database, alice)).disabled_at is None


async def test_support_has_no_power_over_staff_nor_anybody_over_themselves(
    website: Website,
) -> None:
    admin = await hire(website, "admin", "root@example.com")
    async with room(website, "support") as carol:
        token = await carol.token("/admin")
        me = (await entries(website.database, "people_listed"))[0].actor_id
        for target in (admin, me):
            path = f"/admin/people/{target}"
            assert "Disable the account" not in (await carol.get(path)).text
            for act in ("end_sessions", "disable", "enable", "send_reset"):
                answer = await carol.send(path, token, act=act, reason=WHY)
                assert answer.status_code == 422
                assert "You cannot do this to this person." in answer.text
    assert (await person(website.database, admin)).disabled_at is None
    async with website.database.transaction() as tx:
        assert await tx.scalar(select(func.count()).select_from(Session)) == 1
        assert await tx.scalar(select(func.count()).select_from(OutgoingMail)) == 0


async def test_an_admin_gives_a_role_and_the_person_is_signed_out(website: Website) -> None:
    alice = await website.add_person(ALICE)
    async with room(website, "admin") as carol, website.browser() as hers:
        await sign_in_as(website, hers, alice)
        path = f"/admin/people/{alice}/role"
        token = await carol.token(path)
        answer = await carol.send(path, token, role="owner", reason=WHY)
        assert answer.status_code == 422
        assert "Choose one of the roles." in answer.text
        answer = await carol.send(path, token, role="reader", reason=WHY)
        assert answer.headers["location"] == f"/admin/people/{alice}"
        assert (await hers.get("/")).status_code == 303
    assert (await person(website.database, alice)).role == "reader"
    (entry,) = await entries(website.database, "role_granted")
    assert entry.detail == {"role": "reader", "before": "trader", "reason": WHY}


async def test_nobody_changes_their_own_role(website: Website) -> None:
    await hire(website, "admin", "root@example.com")
    async with room(website, "admin") as carol:
        token = await carol.token("/admin")
        me = (await entries(website.database, "people_listed"))[0].actor_id
        assert me
        answer = await carol.send(f"/admin/people/{me}/role", token, role="trader", reason=WHY)
        assert answer.status_code == 422
    assert (await person(website.database, me)).role == "admin"


async def test_a_role_taken_away_is_gone_at_once(website: Website) -> None:
    root = await hire(website, "admin", "root@example.com")
    async with room(website, "admin") as carol, website.browser() as theirs:
        await sign_in_as(website, theirs, root)
        path = f"/admin/people/{root}/role"
        await carol.send(path, await carol.token(path), role="trader", reason=WHY)
        assert (await theirs.get("/admin")).status_code == 404
        await sign_in_as(website, theirs, root)
        assert (await theirs.get("/admin")).status_code == 404
        assert (await theirs.get("/")).status_code == 200


async def test_an_old_proof_opens_no_room(website: Website) -> None:
    async with room(website, "admin") as carol:
        assert (await carol.get("/admin")).status_code == 200
        await let_proof_grow_old(website.database)
        answer = await carol.get("/admin/audit")
        assert answer.headers["location"] == "/prove?next=%2Fadmin%2Faudit&by=factor"


async def test_a_role_without_a_second_factor_opens_no_room(website: Website) -> None:
    carol_id = await hire(website, "admin")
    async with website.database.transaction() as tx:
        await tx.delete((await tx.scalars(select(Passkey))).one())
    async with website.browser() as carol:
        await sign_in_as(website, carol, carol_id)
        answer = await carol.get("/admin")
        assert answer.headers["location"] == "/settings/security?needed=1"


async def test_the_menu_names_the_rooms_to_staff_only(website: Website) -> None:
    await website.add_person(ALICE)
    async with room(website, "reader") as carol, website.browser() as hers:
        assert 'href="/admin"' in (await carol.get("/")).text
        await hers.sign_in(ALICE)
        assert "/admin" not in (await hers.get("/")).text


@pytest.mark.parametrize(
    ("how", "status"), [("passkey", 200), ("totp", 200), ("recovery_code", 303), ("password", 303)]
)
async def test_a_recovery_code_opens_no_room(website: Website, how: str, status: int) -> None:
    async with room(website, "reader") as browser:
        async with website.database.transaction() as tx:
            await tx.execute(update(Session).values(proven_by=how))
        answer = await browser.get("/admin")
    assert answer.status_code == status
    if status == 303:
        assert answer.headers["location"] == "/prove?next=%2Fadmin&by=factor"
