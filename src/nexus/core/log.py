"""How does a log line look, and what never stands in one?

Fields with a secret's name are masked; then the finished line is searched once more for the
secrets this process knows and for what looks like one, because an exception's text is not ours.
"""

import logging
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "[hidden]"

_NAMES = r"passw(?:or)?d|secret|token|cookie|authorization|csrf|signature|api_?key|apikey|dek|kek"
SECRET_NAME = re.compile(_NAMES, re.IGNORECASE)

SECRET_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    # postgresql://user:password@host
    (re.compile(r"(://[^/@\s:]*:)[^/@\s]+@"), rf"\1{MASK}@"),
    # SQLAlchemy's errors carry the values of the statement.
    (re.compile(r"\[parameters: .*?(?=\n\(Background|\n\n|\Z|\\n\(Background)", re.DOTALL), MASK),
    # password=..., 'X-MBX-APIKEY': '...', Cookie: ...; but not `token = find()` in a traceback.
    (
        re.compile(
            rf"""((?:{_NAMES})[\w-]{{0,40}}(?:=|\\?["']?\s*:\s*)\\?["']?(?:Bearer |Basic )?)"""
            r"""[^\s"'&,;)}\]\\]+""",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
)


class SecretText(Protocol):
    """What pydantic's `SecretStr` offers."""

    def get_secret_value(self) -> str: ...


class LogSettings(Protocol):
    """What logging needs of the settings."""

    @property
    def log_format(self) -> str: ...
    @property
    def log_level(self) -> str: ...
    @property
    def session_secret(self) -> SecretText: ...
    @property
    def key_encryption_key(self) -> SecretText: ...


def configure(settings: LogSettings) -> None:
    """Write this process's log to stderr: ours from `LOG_LEVEL` on, libraries' warnings only.

    Libraries do not get `LOG_LEVEL`: at debug, CCXT writes the headers it sends, key included.
    """
    secrets = (settings.session_secret, settings.key_encryption_key)
    render = _Masked(
        _renderer(settings.log_format), [secret.get_secret_value() for secret in secrets]
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_fields,
    ]
    structlog.configure(
        processors=[*shared, *_traceback(settings.log_format), render],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    _configure_libraries(shared, [*_traceback(settings.log_format), render])


def mask_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask every field, at any depth, that has a secret's name."""
    return {name: _mask_value(name, value) for name, value in event.items()}


def _mask_value(name: str, value: Any) -> Any:
    if SECRET_NAME.search(name):
        return MASK
    if isinstance(value, Mapping):
        return {key: _mask_value(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_mask_value("", inner) for inner in value]
    return value


def _renderer(log_format: str) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer(default=str)
    # The default formatter shows the local variables of each frame, passwords among them.
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def _traceback(log_format: str) -> list[Processor]:
    """Write tracebacks without local variables; the console renderer does it by itself."""
    return [structlog.processors.format_exc_info] if log_format == "json" else []


class _Masked:
    """Renders a line, then looks through it once more."""

    def __init__(self, render: Processor, secrets: Iterable[str]) -> None:
        self._render: Callable[..., Any] = render
        self._secrets = [secret for secret in secrets if secret]

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> str:
        line = str(self._render(logger, method, event))
        for secret in self._secrets:
            line = line.replace(secret, MASK)
        for shape, masked in SECRET_SHAPES:
            line = shape.sub(masked, line)
        return line


def _configure_libraries(shared: list[Processor], last: list[Processor]) -> None:
    """Let what libraries log through the standard library look, and be masked, like ours."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
