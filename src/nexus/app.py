"""The web process: builds the Litestar app from `Settings`, and serves it. Wiring only."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import click
import structlog
import uvicorn
from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import MethodNotAllowedException
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.static_files import create_static_files_router

from nexus.accounts import routes as accounts
from nexus.accounts import routes_activity as accounts_activity
from nexus.accounts import routes_consent as accounts_consent
from nexus.accounts import routes_data as accounts_data
from nexus.accounts import routes_display as accounts_display
from nexus.accounts import routes_email as accounts_email
from nexus.accounts import routes_factors as accounts_factors
from nexus.accounts import routes_onboarding as accounts_onboarding
from nexus.accounts import routes_openid as accounts_openid
from nexus.accounts import routes_passkeys as accounts_passkeys
from nexus.accounts import routes_password as accounts_password
from nexus.accounts import routes_prove as accounts_prove
from nexus.accounts import routes_reset as accounts_reset
from nexus.accounts import routes_second_factor as accounts_second_factor
from nexus.accounts import routes_sessions as accounts_sessions
from nexus.accounts import routes_settings as accounts_settings
from nexus.accounts import routes_sign_up as accounts_sign_up
from nexus.accounts.ask_consent import Accepted, ask_for_consent, require_consent
from nexus.accounts.errors import (
    ConsentNeededError,
    SecondFactorNeededError,
    SignInNeededError,
    StepUpNeededError,
)
from nexus.accounts.events import DeletionAsked, PersonVerified, SecondFactorLost
from nexus.accounts.guard import ask_to_sign_in, provide_person, require_person
from nexus.accounts.issuers import known_issuers
from nexus.accounts.openid import open_clients
from nexus.accounts.refusals import Refusals
from nexus.accounts.roles import hide_rooms, require_role, take_as_long
from nexus.accounts.step_up import ask_for_factor, ask_for_proof, require_proof
from nexus.admin import rooms as admin
from nexus.billing.welcome import give_first_tier
from nexus.bots import rooms as bots
from nexus.bots.events import CloseRequested
from nexus.bots.leave import pause_bots_of_leavers
from nexus.bots.leave_account import pause_live_accounts
from nexus.core import csp_report, health, log
from nexus.core.assets import STATIC, AssetsError, load_assets
from nexus.core.csrf import refuse_forgery
from nexus.core.db import Database
from nexus.core.error_pages import ERROR_PAGES
from nexus.core.head import answer_head
from nexus.core.headers import add_headers
from nexus.core.ids import refuse_impossible_ids
from nexus.core.queue import Doorbell, open_queue
from nexus.core.redis import Channel, open_redis
from nexus.core.site import Site
from nexus.core.throttle import Throttle
from nexus.core.web import PUBLIC, provide_database, provide_transaction
from nexus.exchanges import routes as exchanges
from nexus.exchanges.open_doors import warn_of_open_doors
from nexus.exchanges.welcome import open_practice_accounts
from nexus.feed import routes as feed
from nexus.feed import routes_bots as feed_bots
from nexus.feed import routes_delete as feed_delete
from nexus.feed import routes_gate as feed_gate
from nexus.feed.audience import Audience
from nexus.feed.publish import CHANNEL
from nexus.feed.wiring import open_reactions
from nexus.mail import routes as mail
from nexus.notices import routes as notices
from nexus.notices.vapid import open_vapid
from nexus.pipeline.wiring import ring_for_closes
from nexus.portfolio import routes as portfolio
from nexus.public import routes as public
from nexus.public import routes_install as public_install
from nexus.public import routes_styleguide as public_styleguide
from nexus.public.track_record import TrackRecords
from nexus.settings import Settings, SettingsError
from nexus.strategy.border import load_strategies

logger = structlog.get_logger()

LARGEST_BODY = 64 * 1024
SHUTDOWN_SECONDS = 5
BACKLOG = 4096


def create_app(settings: Settings) -> Litestar:
    """Build the app; raise SettingsError or AssetsError when it could not serve safely."""
    _refuse_unsafe(settings)
    state = _state(settings)
    return Litestar(
        route_handlers=[
            *health.route_handlers,
            *csp_report.route_handlers,
            *accounts.route_handlers,
            *accounts_activity.route_handlers,
            *accounts_consent.route_handlers,
            *accounts_data.route_handlers,
            *accounts_display.route_handlers,
            *accounts_email.route_handlers,
            *accounts_factors.route_handlers,
            *accounts_onboarding.route_handlers,
            *accounts_passkeys.route_handlers,
            *accounts_openid.route_handlers,
            *accounts_password.route_handlers,
            *accounts_prove.route_handlers,
            *accounts_reset.route_handlers,
            *accounts_second_factor.route_handlers,
            *accounts_sessions.route_handlers,
            *accounts_settings.route_handlers,
            *accounts_sign_up.route_handlers,
            *admin.route_handlers,
            *bots.route_handlers,
            *exchanges.route_handlers,
            *feed.route_handlers,
            *feed_bots.route_handlers,
            *feed_delete.route_handlers,
            *feed_gate.route_handlers,
            *mail.route_handlers,
            *notices.route_handlers,
            *portfolio.route_handlers,
            *public.route_handlers,
            *public_install.route_handlers,
            *public_styleguide.route_handlers,
            _static_files(),
        ],
        # In this order: a room nobody may know of is not there, whoever asks; and somebody whose
        # session has ended is asked to sign in, not refused.
        guards=[
            require_role,
            require_person,
            refuse_impossible_ids,
            refuse_forgery,
            require_consent,
            require_proof,
        ],
        dependencies={
            "database": Provide(provide_database, sync_to_thread=False),
            "person": Provide(provide_person, sync_to_thread=False),
            "tx": Provide(provide_transaction),
        },
        exception_handlers={
            **ERROR_PAGES,
            MethodNotAllowedException: hide_rooms,
            SignInNeededError: ask_to_sign_in,
            ConsentNeededError: ask_for_consent,
            StepUpNeededError: ask_for_proof,
            SecondFactorNeededError: ask_for_factor,
        },
        after_exception=[take_as_long],
        before_send=[add_headers(state.site)],
        state=state,
        lifespan=[_connections],
        request_max_body_size=LARGEST_BODY,
        # Off for good: the pages are the interface, and a list of all routes helps only attackers.
        openapi_config=None,
        # Litestar's logging writes whole requests, passwords and cookies among them.
        logging_config=None,
        debug=False,
    )


def run_web(settings: Settings) -> None:
    """Serve until told to stop; raise click.ClickException with a sentence when that cannot be."""
    log.configure(settings)
    try:
        app = create_app(settings)
    except (SettingsError, AssetsError) as error:
        raise click.ClickException(str(error)) from None
    listening = _listen(settings.host, settings.port)
    logger.info("web_listening", host=settings.host, port=listening.getsockname()[1])
    with suppress(KeyboardInterrupt):
        Server(app).run(sockets=[listening])


class Server(uvicorn.Server):
    """Serves the app. Told to stop, it ends the open streams first: by themselves they go on."""

    def __init__(self, app: Litestar) -> None:
        super().__init__(server_config(app))
        self.audience: Audience = app.state.audience

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, and wait for what is under way, which no stream is any more."""
        self.audience.close()
        await super().shutdown(sockets=sockets)


def server_config(app: Litestar) -> uvicorn.Config:
    """Say how uvicorn serves the app."""
    return uvicorn.Config(
        answer_head(app),
        backlog=BACKLOG,
        # An access log would keep query strings, and with them whatever somebody pasted there.
        access_log=False,
        log_config=None,
        # The client's address is read by `core/client.py`, which knows whom to trust.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else, to say it plainly when somebody has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise click.ClickException(
            f"Cannot listen on {host} port {port}: {error.strerror}. "
            "Set HOST and PORT to an address that is free."
        ) from None


def _refuse_unsafe(settings: Settings) -> None:
    """Raise SettingsError for settings that would serve, but not safely."""
    mistakes = []
    if not settings.session_secret.get_secret_value():
        mistakes.append("SESSION_SECRET: must be set, at least 32 random characters")
    if not settings.database_url:
        mistakes.append("DATABASE_URL: must be set, for example postgresql://localhost/nexus")
    if not settings.redis_url:
        mistakes.append("REDIS_URL: must be set, for example redis://localhost:6379/0")
    if settings.environment == "production" and settings.base_url.startswith("http://"):
        mistakes.append(
            f"BASE_URL: must start with https:// in production; given: {settings.base_url!r}"
        )
    has_key = settings.key_encryption_key.get_secret_value() or settings.key_encryption_key_file
    if settings.environment == "production" and has_key:
        mistakes.append(
            "KEY_ENCRYPTION_KEY: must not be given to the pages in production, only to workers"
        )
    if mistakes:
        raise SettingsError("\n".join(mistakes))


def _state(settings: Settings) -> State:
    """Gather what requests reach through `app.state`."""
    redis = open_redis(settings.redis_url)
    channel = Channel(redis, CHANNEL)
    queue = open_queue(settings.redis_url)
    database = Database(
        settings.database_url,
        pool_size=settings.database_pool_size,
        pooled_elsewhere=settings.database_pooler,
        reactions={
            **open_reactions(channel),
            CloseRequested: [ring_for_closes(Doorbell(queue))],
            DeletionAsked: [pause_bots_of_leavers],
            SecondFactorLost: [pause_live_accounts],
            PersonVerified: [give_first_tier, open_practice_accounts(settings)],
        },
    )
    strategies = {known.name: known for known in load_strategies(settings.strategies, settings)}
    demo_login = _demo_login(settings)
    site = Site(
        base_url=settings.base_url,
        assets=load_assets(settings.assets),
        secret=settings.session_secret.get_secret_value().encode(),
        demo=demo_login is not None,
        trusted_proxies=settings.trusted_proxies,
    )
    return State(
        {
            "settings": settings,
            "site": site,
            "database": database,
            "redis": redis,
            "vapid": open_vapid(settings),
            "queue": queue,
            "strategies": strategies,
            "track_records": TrackRecords(strategies),
            "audience": Audience(database, channel, settings, strategies),
            "throttle": Throttle(redis),
            "refusals": Refusals(database),
            "accepted": Accepted(),
            "demo_login": demo_login,
            "issuers": known_issuers(settings),
            "openid": open_clients(settings),
        }
    )


def _demo_login(settings: Settings) -> tuple[str, str] | None:
    """Give the demo's e-mail and password, in development and nowhere else."""
    if settings.environment != "development" or not settings.demo_email:
        return None
    return settings.demo_email, settings.demo_password.get_secret_value()


@asynccontextmanager
async def _connections(app: Litestar) -> AsyncGenerator[None, None]:
    """Listen and write while the process lives, and give the connections back when it stops."""
    if app.state.settings.environment == "production":
        await warn_of_open_doors(app.state.database)
    working = [
        asyncio.create_task(app.state.audience.listen()),
        asyncio.create_task(app.state.refusals.keep_writing()),
    ]
    try:
        yield
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        app.state.audience.close()
        for close in (
            app.state.queue.disconnect,
            app.state.redis.aclose,
            app.state.database.close,
        ):
            await _close(close)


async def _close(close: Callable[[], Awaitable[None]]) -> None:
    """Give one connection back; one that is broken already must not keep the others open."""
    try:
        await close()
    except Exception as error:  # noqa: BLE001  whatever it is, the process ends now
        logger.warning("not_closed", error=str(error))


def _static_files() -> Any:
    # Files only are compressed: they hold no secret, and the length of a compressed page can tell
    # what is in it.
    compressed = DefineMiddleware(CompressionMiddleware, config=CompressionConfig(backend="gzip"))
    return create_static_files_router(
        path="/static",
        directories=[STATIC],
        opt={PUBLIC: True},
        include_in_schema=False,
        middleware=[compressed],
    )
