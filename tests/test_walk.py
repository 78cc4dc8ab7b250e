"""Is every route closed to whom it is not for? Each is asked by nobody, by Bob, and by staff."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from sqlalchemy import delete, update

from nexus.accounts.models import Passkey, Session, User
from nexus.accounts.roles import ROLE
from nexus.accounts.sessions import start_session
from nexus.accounts.step_up import SECOND_FACTOR, STEP_UP
from nexus.app import create_app
from nexus.billing.models import Entitlement
from tests.accounts.people import let_proof_grow_old, plant
from tests.admin.rooms import hire, sign_in_as
from tests.belongings import MAKERS, dump
from tests.route_classes import EXAMPLES, NEEDS_A_PERSON, OPEN_TO_ALL, STAFF_ONLY, routes
from tests.shapes import forms
from tests.website import Browser, Website, make_passwords_quick, serve, settings_for

ALICE, BOB = "alice@example.com", "bob@example.com"
PARAMETER = re.compile(r"\{(\w+):(\w+)\}")

# Every field of every form has a class too: it names something that is somebody's, or it does not.
NAMES_A_BELONGING = {"account"}
NAMES_NOTHING = {
    "act", "allocation", "code", "credential", "csrf_token", "email", "idempotency_key", "name",
    "next", "password", "reason", "recovery_code", "risk", "role", "strategy", "symbol", "terms",
    "token", "current", "display_name", "key", "kind", "label", "secret", "per_trade", "day_loss",
    "day_loss_closes", "drawdown", "drawdown_closes", "positions", "cooldown_minutes", "way",
    "trade_push", "trade_mail", "blocked_push", "blocked_mail", "trouble_push", "trouble_mail",
    "endpoint", "public_key", "auth", "was", "confirm", "time_zone", "number_format",
    "display_currency",
}  # fmt: skip
# Addresses whose words are not somebody's, and an example of each.
SHARED = {"name": "BTC-USDT", "issuer": "google", "step": "factor", "file_path": "icons/nexus.svg"}


@pytest.fixture
async def website(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Website]:
    make_passwords_quick(monkeypatch)
    google = {"google_client_id": "walk", "google_client_secret": "walk"}
    async with serve(settings_for(database_url, redis_url, **google)) as running:
        yield running


async def fill(website: Website, path: str, user_id: int) -> str:
    """Fill in a path's parameters with what is this person's, made for the occasion."""
    for name, _ in PARAMETER.findall(path):
        if name == "person_id":
            value = str(user_id)
        elif name in SHARED:
            value = SHARED[name]
        else:
            async with website.database.transaction() as tx:
                value = str(await MAKERS[name](tx, user_id))
        path = re.sub(rf"\{{{name}:\w+\}}", value, path)
    return path


def of_somebody() -> list[tuple[str, str]]:
    """List the routes whose address names something that belongs to a person."""
    return sorted(
        (method, path)
        for method, path in NEEDS_A_PERSON
        if any(name in MAKERS for name, _ in PARAMETER.findall(path))
    )


def test_every_parameter_of_an_address_has_a_class() -> None:
    for _, path in NEEDS_A_PERSON | OPEN_TO_ALL:
        for name, kind in PARAMETER.findall(path):
            assert name in SHARED or name in MAKERS, f"{path}: whose is {name}? Make one."
            assert kind in EXAMPLES
            assert kind != "int" or name in MAKERS, f"{path}: a number names somebody's things"
    assert of_somebody(), "No route was found, so the walk would prove nothing."


def test_every_field_of_a_form_has_a_class(database_url: str, redis_url: str) -> None:
    app = create_app(settings_for(database_url, redis_url))
    fields = {name for _, form in forms(app) for name in form.__struct_fields__}
    assert fields - NAMES_NOTHING - NAMES_A_BELONGING == set()
    assert set(MAKERS) >= NAMES_A_BELONGING


# ------------------------------------------------------------------------------- another person
async def test_what_is_alices_is_not_there_for_bob(website: Website) -> None:
    alice, bob = await hire(website, "trader", ALICE), await hire(website, "trader", BOB)
    async with website.browser() as hers, website.browser() as his:
        await sign_in_as(website, hers, alice)
        await sign_in_as(website, his, bob)
        hers_token, his_token = await hers.token("/"), await his.token("/")
        for method, path in of_somebody():
            address, nowhere = await fill(website, path, alice), PARAMETER.sub("999999", path)
            before = await dump(website.database)
            answer = await ask(his, method, address, his_token)
            assert answer.status_code == 404, f"{method} {path}"
            assert answer.text == (await ask(his, method, nowhere, his_token)).text
            assert await dump(website.database) == before, f"{method} {path} changed something"
            # It is hers, or the 404 would have proven nothing.
            answer = await ask(hers, method, address, hers_token)
            assert answer.status_code in {200, 303, 422}, f"{method} {path}: {answer.status_code}"
            await sign_in_as(website, hers, alice)
            hers_token = await hers.token("/")


async def test_a_number_that_nothing_can_have_is_not_there(website: Website) -> None:
    alice = await hire(website, "trader", ALICE)
    numbered = [route for route in of_somebody() if ":int}" in route[1]]
    assert len(numbered) > 5
    async with website.browser() as hers:
        await sign_in_as(website, hers, alice)
        token = await hers.token("/")
        for method, path in numbered:
            for number in (0, -1, 2**63, -(2**63) - 1, 10**40):
                answer = await ask(hers, method, PARAMETER.sub(str(number), path), token)
                assert answer.status_code == 404, f"{method} {path}: {number}"


async def test_a_form_cannot_name_what_is_alices(website: Website) -> None:
    alice, bob = await hire(website, "trader", ALICE), await hire(website, "trader", BOB)
    typed = {"strategy": next(iter(website.app.state.strategies)), "symbol": "BTC/USDT"}
    asked = 0
    async with website.database.transaction() as tx:
        tx.add_all(Entitlement(user_id=person, tier="pro") for person in (alice, bob))
    async with website.browser() as his:
        await sign_in_as(website, his, bob)
        token = await his.token("/")
        for path, form in forms(website.app):
            for field in NAMES_A_BELONGING & set(form.__struct_fields__):
                async with website.database.transaction() as tx:
                    hers = await MAKERS[field](tx, alice)
                    his_own = await MAKERS[field](tx, bob)
                    address = PARAMETER.sub(str(await MAKERS["bot_id"](tx, bob)), path)
                before = await dump(website.database)
                filled = {**typed, "allocation": "100", "confirm": "yes"}
                rest = {name: filled[name] for name in filled if name in form.__struct_fields__}
                answer = await his.send(address, token, **rest, **{field: str(hers)})
                assert answer.status_code == 422, path
                assert await dump(website.database) == before, path
                answer = await his.send(address, token, **rest, **{field: str(his_own)})
                # An account on paper is none to go live with, whoever it belongs to.
                assert answer.status_code in {200, 303} or path.endswith("/live"), path
                asked += 1
    assert asked


async def test_a_form_takes_no_field_it_does_not_know(website: Website) -> None:
    admin = await hire(website, "admin")
    for path, form in forms(website.app):
        assert "user_id" not in form.__struct_fields__
        async with website.browser() as browser:
            token = await _prepare(website, browser, path, admin)
            address = await fill(website, path, admin)
            before = await dump(website.database)
            names = ["user_id", "email_verified_at", "disabled_at", "is_admin"]
            if "role" not in form.__struct_fields__:
                names.append("role")
            for name in names:
                answer = await browser.send(address, token, **{name: "admin"})
                assert answer.status_code == 400, f"{path} took {name}: {answer.status_code}"
            assert await dump(website.database) == before, path


async def test_a_token_of_another_session_is_worth_nothing(website: Website) -> None:
    alice, bob = await hire(website, "admin", ALICE), await hire(website, "admin", BOB)
    async with website.browser() as hers, website.browser() as his:
        await sign_in_as(website, hers, alice)
        await sign_in_as(website, his, bob)
        stolen = await hers.token("/")
        for path, _ in forms(website.app):
            if ("POST", path) in OPEN_TO_ALL:
                continue  # There a token is the browser's; `tests/core/test_csrf.py` tells.
            address = await fill(website, path, bob)
            before = await dump(website.database)
            answer = await his.send(address, stolen)
            assert answer.status_code == 403, path
            assert await dump(website.database) == before, path


async def _prepare(website: Website, browser: Browser, path: str, admin: int) -> str:
    """Bring a browser to where it may send this form, and give its token."""
    if ("POST", path) not in OPEN_TO_ALL:
        await sign_in_as(website, browser, admin)
        return await browser.token("/")
    if path.startswith("/sign-in/factor"):
        async with website.database.transaction() as tx:
            token = await start_session(tx, admin, user_agent="", network="", factor_pending=True)
        plant(browser, token)
        return await browser.token("/sign-in/factor")
    return await browser.token("/sign-in")


async def ask(browser: Browser, method: str, path: str, token: str) -> httpx.Response:
    """Ask the way one of our pages would."""
    return await (browser.send(path, token) if method == "POST" else browser.get(path))


# -------------------------------------------------------------------------------- the rooms behind
def test_a_room_asks_for_its_role_a_second_factor_and_a_fresh_proof(
    database_url: str, redis_url: str
) -> None:
    app = create_app(settings_for(database_url, redis_url))
    guarded = {(method, path): opt for method, path, opt in routes(app) if opt.get(ROLE)}
    assert {route: opt[ROLE] for route, opt in guarded.items()} == STAFF_ONLY
    assert all(opt.get(STEP_UP) is True for opt in guarded.values())
    assert all(opt.get(SECOND_FACTOR) is True for opt in guarded.values())
    below = {(m, p) for m, p, _ in routes(app) if p.startswith("/admin")}
    assert below == STAFF_ONLY.keys()


# Said once more here, and not asked of the code: it is the code that may be wrong.
RANKS = ("trader", "reader", "support", "admin")


def may(role: str | None, needed: str) -> bool:
    return role is not None and RANKS.index(role) >= RANKS.index(needed)


@pytest.mark.parametrize("role", [None, *RANKS])
async def test_a_room_is_not_there_for_whom_it_is_not_for(
    website: Website, role: str | None
) -> None:
    alice = await website.add_person(ALICE)
    async with website.browser() as browser:
        token = await browser.token()
        if role:
            carol = await hire(website, role)
            await sign_in_as(website, browser, carol)
            token = await browser.token("/")
        nothing = await browser.get("/nowhere")
        assert nothing.status_code == 404
        for (method, path), needed in sorted(STAFF_ONLY.items()):
            address = await fill(website, path, alice)
            before = await dump(website.database)
            answer = await ask(browser, method, address, token)
            if may(role, needed):
                assert answer.status_code in {200, 422}, f"{role}: {method} {path}"
                continue
            assert answer.status_code == 404, f"{role}: {method} {path}"
            assert answer.text == nothing.text
            assert set(answer.headers) == set(nothing.headers)
            assert await dump(website.database) == before
            # Neither an unknown method nor a missing token tells that there is something.
            for other in ("OPTIONS", "PUT", "DELETE", "PATCH", "POST", "HEAD"):
                if may(role, STAFF_ONLY.get(("GET", path), "admin")):
                    break
                answer = await browser.http.request(other, address)
                assert answer.status_code == 404, f"{role}: {other} {path}"
                assert "allow" not in answer.headers


async def test_a_room_opens_only_to_a_fresh_proof_and_a_second_factor(website: Website) -> None:
    carol = await hire(website, "admin")
    async with website.browser() as browser:
        await sign_in_as(website, browser, carol)
        token = await browser.token("/")
        await let_proof_grow_old(website.database)
        await _each_room_sends_to(website, browser, token, carol, "/prove?")
        async with website.database.transaction() as tx:
            await tx.execute(delete(Passkey))
        await _each_room_sends_to(website, browser, token, carol, "/settings/security?")


async def test_a_session_that_is_nobodys_opens_no_room(website: Website) -> None:
    carol = await hire(website, "admin")
    changes: list[Callable[[], Awaitable[None]]] = [
        lambda: _change(website, update(Session).values(factor_pending=True)),
        lambda: _change(website, update(User).values(disabled_at=User.created_at)),
    ]
    for change in changes:
        async with website.browser() as browser:
            await sign_in_as(website, browser, carol)
            assert (await browser.get("/admin")).status_code == 200
            await change()
            assert (await browser.get("/admin")).status_code == 404


async def _each_room_sends_to(
    website: Website, browser: Browser, token: str, carol: int, where: str
) -> None:
    for method, path in sorted(STAFF_ONLY):
        answer = await ask(browser, method, await fill(website, path, carol), token)
        assert answer.status_code == 303, f"{method} {path}"
        assert answer.headers["location"].startswith(where), f"{method} {path}"


async def _change(website: Website, statement: object) -> None:
    async with website.database.transaction() as tx:
        await tx.execute(statement)  # type: ignore[call-overload]
