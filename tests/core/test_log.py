"""Does a secret ever stand in a log line, whichever way it came there?"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import structlog
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError

from nexus.core import log

CANARY = "canary-4711"
SESSION_SECRET = SecretStr("s" * 31 + CANARY)
NO_SECRET = SecretStr("")


@dataclass
class Settings:
    log_format: str = "json"
    log_level: str = "debug"
    session_secret: SecretStr = SESSION_SECRET
    key_encryption_key: SecretStr = NO_SECRET


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def failing(password: str) -> None:
    """Fail with a secret in a variable."""
    raise RuntimeError(f"{len(password)} letters")


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_way_into_a_line_lets_a_secret_through(
    capfd: pytest.CaptureFixture[str], log_format: str
) -> None:
    settings = Settings(log_format=log_format)
    log.configure(settings)
    ours, theirs = structlog.get_logger(), logging.getLogger("ccxt.base.exchange")
    ours.info("fields", password=CANARY, api_secret=CANARY, csrf_token=CANARY, Cookie=CANARY)
    ours.info("words", password=f"several words, then {CANARY}")
    ours.info("nested", request={"headers": [{"X-MBX-APIKEY": CANARY}], "deep": {"secret": CANARY}})
    ours.info("known", note=f"the secret is {settings.session_secret.get_secret_value()}, sadly")
    ours.info("database", url=f"postgresql://nexus:{CANARY}@db.example/nexus")
    ours.info("redis", url=f"redis://:{CANARY}@cache.example/0")
    ours.info("text", error=f"GET /api/v3/order?symbol=BTCUSDT&signature={CANARY}&x=1")
    ours.info("header", error=f"Authorization: Bearer {CANARY}")
    ours.info("json", body=json.dumps({"apiKey": CANARY, "secret": CANARY}))
    theirs.warning("%s", {"X-MBX-APIKEY": CANARY})
    theirs.debug("libraries say at debug what nobody should read: %s", CANARY)
    try:
        failing(CANARY)
    except RuntimeError:
        ours.exception("raised")
        theirs.exception("raised")
    statement = "UPDATE users SET password_hash=%(hash)s"
    ours.error("sql", exc_info=IntegrityError(statement, {"hash": CANARY}, ValueError("twice")))
    written = capfd.readouterr()
    assert written.out == ""
    assert CANARY not in written.err
    lines = written.err.splitlines()
    assert sum(log.MASK in line for line in lines) >= 9
    assert written.err.count("RuntimeError: 11 letters") == 2, "tracebacks are still written"
    assert "libraries say" not in written.err


def test_json_is_one_object_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    log.configure(Settings())
    structlog.get_logger().info("planned", bots=3, symbol="BTC/USDT")
    logging.getLogger("somebody").warning("odd")
    ours, theirs = map(json.loads, capfd.readouterr().err.splitlines())
    assert (ours["event"], ours["bots"], ours["symbol"]) == ("planned", 3, "BTC/USDT")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("odd", "somebody", "warning")


def test_the_level_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    log.configure(Settings(log_level="warning"))
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    written = capfd.readouterr().err
    assert "quiet" not in written
    assert "loud" in written


def test_code_in_a_traceback_stays_readable(capfd: pytest.CaptureFixture[str]) -> None:
    log.configure(Settings(log_format="console"))
    try:
        token = failing(CANARY)  # type: ignore[func-returns-value]
        assert token is None
    except RuntimeError:
        structlog.get_logger().exception("raised")
    assert "token = failing(CANARY)" in capfd.readouterr().err
