"""Is this process alive, and can it serve? For load balancers, `nexus up` and people at night."""

import asyncio
from typing import Any

import structlog
from litestar import Response, get
from litestar.datastructures import State
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from nexus.core.clock import now
from nexus.core.db import Database
from nexus.core.migrate import is_current
from nexus.core.web import PUBLIC

log = structlog.get_logger()

ANSWER_SECONDS = 3
LAST_TICK = text("SELECT max(finished_at) FROM tick_slots")


@get("/livez", opt={PUBLIC: True}, sync_to_thread=False)
def livez() -> dict[str, str]:
    """Say that this process answers, whatever else is broken: restarting it would not help."""
    return {"status": "ok"}


@get("/readyz", opt={PUBLIC: True})
async def readyz(state: State) -> Response[dict[str, Any]]:
    """Say whether pages can be served: 200, or 503 and what is missing.

    The age of the last tick is told but decides nothing: it is the worker's. Taking the pages
    away because trading pauses would hide the very thing people want to see.
    """
    facts = await read_facts(state)
    return Response(facts, status_code=200 if facts["ready"] else 503)


async def read_facts(state: State) -> dict[str, Any]:
    """Ask the database and Redis how they are; answers within seconds, whatever is broken."""
    database, redis = await asyncio.gather(_database(state.database), _redis(state.redis))
    ready = database["database"] == database["migrations"] == redis == "ok"
    return {"ready": ready, "redis": redis, **database}


async def _database(database: Database) -> dict[str, Any]:
    try:
        async with asyncio.timeout(ANSWER_SECONDS), database.engine.connect() as connection:
            if not await is_current(connection):
                return {"database": "ok", "migrations": "behind", "tick_age_seconds": None}
            age = await _tick_age(connection)
            return {"database": "ok", "migrations": "ok", "tick_age_seconds": age}
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning("database_not_ready", error=str(error))
        return {"database": "unreachable", "migrations": "unknown", "tick_age_seconds": None}


async def _tick_age(connection: AsyncConnection) -> float | None:
    last = await connection.scalar(LAST_TICK)
    return None if last is None else round((now() - last).total_seconds(), 1)


async def _redis(redis: Redis) -> str:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await redis.ping()
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("redis_not_ready", error=str(error))
        return "unreachable"
    return "ok"


route_handlers = [livez, readyz]
