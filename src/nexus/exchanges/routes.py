"""The pages of exchange accounts: see them, connect one, replace its key."""

from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from nexus.accounts.sessions import Person
from nexus.accounts.step_up import SECOND_FACTOR, STEP_UP
from nexus.core.client import client_network
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.queue import Doorbell
from nexus.core.throttle import Rule
from nexus.core.web import AnyRequest, page, see_other
from nexus.exchanges.connect import ask_soon
from nexus.exchanges.drop_key import (
    DropView,
    Wanted,
    ask_again,
    begin_drop,
    choose_egress,
    drop_key,
    find_drop,
    forget_drop,
)
from nexus.exchanges.egress import Egress, read_egresses
from nexus.exchanges.errors import NoDropBoxError
from nexus.exchanges.forms import ActForm, BeginForm, KeyForm
from nexus.exchanges.jobs import check_dropped_key
from nexus.exchanges.key_shape import ShapeError
from nexus.exchanges.queries import AccountView, account_of, accounts_of, balances_of

ACCOUNTS = "/accounts"
NEW = "/accounts/new"
KINDS = ("ed25519", "hmac")
TRIES = Rule("key_drops", 30, 3600)
GUARDED = {SECOND_FACTOR: True, STEP_UP: True}
"""What begins something new. The steps after it are good for an hour, in which somebody is busy
at their exchange: to be asked again in between would cost them a secret that is shown once."""
TOO_OFTEN = "That was often. Wait {minutes} minutes, then check again."
NOT_READY = "Connecting is not possible at the moment: our side is starting. Try again in a minute."
NO_ADDRESS = (
    "Connecting is not possible yet: whoever runs this has not set the addresses that you would"
    " allow at Binance (EGRESS_ADDRESSES)."
)
UNVERIFIED = "Confirm your e-mail address first: mails about your key must reach you."


@get(ACCOUNTS)
async def show_accounts(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[str]:
    """List the person's accounts."""
    return page(request, "exchanges/accounts.html", accounts=await accounts_of(tx, person.id))


@get("/accounts/{account_id:int}")
async def show_account(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    account_id: FromPath[int],
) -> Response[str]:
    """Show one account, how it is, and what can be done with it."""
    account = await own_account(tx, person, account_id)
    settings = request.app.state.settings
    egress = read_egresses(settings).get(account.egress, Egress(account.egress))
    return page(
        request, "exchanges/account.html",
        account=account,
        addresses=egress.addresses,
        balances=await balances_of(tx, account.id, settings.symbols),
    )  # fmt: skip


@post("/accounts/{account_id:int}/check")
async def take_check(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    account_id: FromPath[int],
) -> Response[Any]:
    """Have the exchange asked about a key within the minute; somebody has put something right."""
    await read_form(request, ActForm)
    account = await _keyed_account(tx, person, account_id)
    if not await state.throttle.take(TRIES, str(person.id)):
        await ask_soon(tx, account.id)
    return see_other(f"{ACCOUNTS}/{account.id}")


@get(NEW, opt=GUARDED)
async def show_new(
    request: AnyRequest, person: NamedDependency[Person], state: State
) -> Response[str]:
    """Say what is needed to connect, and ask how."""
    return _new_page(request, person, state)


@post(NEW, opt=GUARDED)
async def take_new(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[Any]:
    """Begin to connect: make the pair, or ask for key and secret."""
    return await _begin(request, person, tx, state, None)


@get("/accounts/{account_id:int}/key", opt=GUARDED)
async def show_replace(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    account_id: FromPath[int],
) -> Response[str]:
    """Say what replacing a key does, and ask how."""
    account = await _keyed_account(tx, person, account_id)
    return _new_page(request, person, state, account=account)


@post("/accounts/{account_id:int}/key", opt=GUARDED)
async def take_replace(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    account_id: FromPath[int],
) -> Response[Any]:
    """Begin to replace a key; the old one works until the new one was checked."""
    account = await _keyed_account(tx, person, account_id)
    return await _begin(request, person, tx, state, account)


@get("/accounts/new/{drop_id:str}", opt={SECOND_FACTOR: True})
async def show_drop(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    drop_id: FromPath[str],
) -> Response[Any]:
    """Show how to make the key, what is wrong with it, or that it is connected."""
    drop = await _own_drop(tx, person, drop_id)
    return _drop_page(request, state, drop, {})


@post("/accounts/new/{drop_id:str}", opt={SECOND_FACTOR: True})
async def take_drop(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    drop_id: FromPath[str],
) -> Response[Any]:
    """Drop what was pasted into the workers' box, and have it checked."""
    form = await read_form(request, KeyForm)
    drop = await _own_drop(tx, person, drop_id)
    if wait := await state.throttle.take(TRIES, str(person.id)):
        errors = {"": TOO_OFTEN.format(minutes=-(-wait // 60))}
        return _drop_page(request, state, drop, errors, 429)
    try:
        await drop_key(tx, drop, form.key, form.secret)
    except ShapeError as error:
        return _drop_page(request, state, drop, {error.field: str(error)}, 422)
    except NoDropBoxError:
        return _drop_page(request, state, drop, {"": NOT_READY}, 422)
    return _being_checked(tx, state, drop)


@post("/accounts/new/{drop_id:str}/again", opt={SECOND_FACTOR: True})
async def take_again(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    drop_id: FromPath[str],
) -> Response[Any]:
    """Check the same key once more, after something was put right at the exchange."""
    await read_form(request, ActForm)
    drop = await _own_drop(tx, person, drop_id)
    if wait := await state.throttle.take(TRIES, str(person.id)):
        errors = {"": TOO_OFTEN.format(minutes=-(-wait // 60))}
        return _drop_page(request, state, drop, errors, 429)
    if drop.status == "refused":
        await ask_again(tx, drop)
    return _being_checked(tx, state, drop)


@post("/accounts/new/{drop_id:str}/forget")
async def take_forget(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    drop_id: FromPath[str],
) -> Response[Any]:
    """Destroy what was dropped."""
    await read_form(request, ActForm)
    drop = await _own_drop(tx, person, drop_id)
    await forget_drop(tx, person.id, drop.id)
    return see_other(ACCOUNTS)


async def own_account(tx: Transaction, person: Person, account_id: int) -> AccountView:
    """Read the person's own account; anybody else's is as good as none."""
    account = await account_of(tx, person.id, account_id)
    if account is None:
        raise NotFoundException
    return account


async def _keyed_account(tx: Transaction, person: Person, account_id: int) -> AccountView:
    account = await own_account(tx, person, account_id)
    if account.on_paper:
        raise NotFoundException
    return account


async def _own_drop(tx: Transaction, person: Person, drop_id: str) -> DropView:
    """Read the person's own drop; one that was forgotten after its hour is as good as none."""
    drop = await find_drop(tx, person.id, drop_id)
    if drop is None:
        raise NotFoundException
    return drop


async def _begin(
    request: AnyRequest, person: Person, tx: Transaction, state: State, account: AccountView | None
) -> Response[Any]:
    form = await read_form(request, BeginForm)
    if _blocked(person, state):
        return _new_page(request, person, state, account=account, status_code=422)
    if form.kind not in KINDS:
        errors = {"": "Choose one of the two kinds of key."}
        return _new_page(request, person, state, account=account, errors=errors, form=form)
    wanted = Wanted(
        user_id=person.id,
        venue=account.venue if account else "binance",
        kind=form.kind,
        label=account.label if account else form.label,
        network=client_network(request),
        replaces=account.id if account else None,
    )
    try:
        egress = await _egress_for(tx, state, account)
        drop_id = await begin_drop(tx, wanted, egress)
    except ShapeError as error:
        errors = {error.field: str(error)}
        return _new_page(request, person, state, account=account, errors=errors, form=form)
    except NoDropBoxError:
        errors = {"": NOT_READY}
        return _new_page(request, person, state, account=account, errors=errors, form=form)
    return see_other(f"{NEW}/{drop_id}")


async def _egress_for(tx: Transaction, state: State, account: AccountView | None) -> Egress:
    """Keep an account where it is pinned; a new one goes where the fewest are."""
    usable = _egresses(state)
    pinned = [egress for egress in usable if account and egress.name == account.egress]
    return pinned[0] if pinned else await choose_egress(tx, usable)


def _egresses(state: State) -> list[Egress]:
    """List the ways out whose addresses people can allow; without real money any will do."""
    every = list(read_egresses(state.settings).values())
    if state.settings.environment == "production":
        return [egress for egress in every if egress.addresses]
    return every


def _blocked(person: Person, state: State) -> str:
    """Say why this person cannot connect an account just now."""
    if not person.email_verified:
        return UNVERIFIED
    return "" if _egresses(state) else NO_ADDRESS


def _being_checked(tx: Transaction, state: State, drop: DropView) -> Response[Any]:
    Doorbell(state.queue).after(tx, check_dropped_key.later(drop_id=drop.id))
    return see_other(f"{NEW}/{drop.id}")


def _new_page(
    request: AnyRequest,
    person: Person,
    state: State,
    *,
    account: AccountView | None = None,
    errors: dict[str, str] | None = None,
    form: BeginForm | None = None,
    status_code: int = 200,
) -> Response[str]:
    return page(
        request,
        "exchanges/new.html",
        status_code=422 if errors else status_code,
        account=account,
        blocked=_blocked(person, state),
        errors=errors or {},
        label=form.label if form and "label" not in (errors or {}) else "",
    )


def _drop_page(
    request: AnyRequest,
    state: State,
    drop: DropView,
    errors: dict[str, str],
    status_code: int = 200,
) -> Response[str]:
    egress = read_egresses(state.settings).get(drop.egress, Egress(drop.egress))
    return page(
        request,
        "exchanges/key.html",
        status_code=status_code,
        drop=drop,
        addresses=egress.addresses,
        errors=errors,
    )


route_handlers = [
    show_accounts,
    show_account,
    take_check,
    show_new,
    take_new,
    show_replace,
    take_replace,
    show_drop,
    take_drop,
    take_again,
    take_forget,
]
