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
from litestar.datastructures import State
from litestar.di import Provide
from litestar.static_files import create_static_files_router

from nexus.accounts import routes as accounts
from nexus.accounts.errors import SecondFactorNeededError, SignInNeededError, StepUpNeededError
from nexus.accounts.guard import ask_to_sign_in, provide_person, require_person
from nexus.accounts.step_up import ask_for_factor, ask_for_proof, require_proof
from nexus.bots import routes as bots
from nexus.bots.events import CloseRequested
from nexus.core import health, log
from nexus.core.assets import STATIC, AssetsError, load_assets
from nexus.core.csrf import refuse_forgery
from nexus.core.db import Database
from nexus.core.error_pages import ERROR_PAGES
from nexus.core.headers import add_headers
from nexus.core.queue import Doorbell, open_queue
from nexus.core.redis import Channel, open_redis
from nexus.core.site import Site
from nexus.core.throttle import Throttle
from nexus.core.web import PUBLIC, provide_database, provide_transaction
from nexus.feed import routes as feed
from nexus.feed.audience import Audience
from nexus.feed.publish import CHANNEL
from nexus.feed.wiring import open_reactions
from nexus.pipeline.wiring import ring_for_closes
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
            *accounts.route_handlers,
            *bots.route_handlers,
            *feed.route_handlers,
            _static_files(),
        ],
        # In this order: somebody whose session has ended is asked to sign in, not refused.
        guards=[require_person, refuse_forgery, require_proof],
        dependencies={
            "database": Provide(provide_database, sync_to_thread=False),
            "person": Provide(provide_person, sync_to_thread=False),
            "tx": Provide(provide_transaction),
        },
        exception_handlers={
            **ERROR_PAGES,
            SignInNeededError: ask_to_sign_in,
            StepUpNeededError: ask_for_proof,
            SecondFactorNeededError: ask_for_factor,
        },
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
        app,
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
        reactions={
            **open_reactions(channel),
            CloseRequested: [ring_for_closes(Doorbell(queue))],
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
            "queue": queue,
            "strategies": strategies,
            "audience": Audience(database, channel, settings, strategies),
            "throttle": Throttle(redis),
            "demo_login": demo_login,
        }
    )


def _demo_login(settings: Settings) -> tuple[str, str] | None:
    """Give the demo's e-mail and password, in development and nowhere else."""
    if settings.environment != "development" or not settings.demo_email:
        return None
    return settings.demo_email, settings.demo_password.get_secret_value()


@asynccontextmanager
async def _connections(app: Litestar) -> AsyncGenerator[None, None]:
    """Listen for news while the process lives, and give the connections back when it stops."""
    listening = asyncio.create_task(app.state.audience.listen())
    try:
        yield
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
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
    return create_static_files_router(
        path="/static", directories=[STATIC], opt={PUBLIC: True}, include_in_schema=False
    )
