"""Which number and sentence does Binance answer when it refuses a request?

Codes and wording are those of Binance's errors.md (2026-07-21).
"""

from http import HTTPStatus


class SimulatorError(Exception):
    """The simulator cannot start or go on; the message is a sentence for the operator."""


class ApiError(Exception):
    """A refusal as Binance words it: HTTP status, numeric code, message and extra headers.

    `bans_until` (ms) is set on one answer only: on that of the request which earned a ban.
    """

    def __init__(
        self, code: int, message: str, status: int = 400, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = headers or {}
        self.bans_until: int | None = None


def invalid_symbol() -> ApiError:
    return ApiError(-1121, "Invalid symbol.")


def filter_failure(name: str) -> ApiError:
    return ApiError(-1013, f"Filter failure: {name}")


def rejected(message: str) -> ApiError:
    """Say that the matching engine refused a new order."""
    return ApiError(-2010, message)


def insufficient_balance() -> ApiError:
    return rejected("Account has insufficient balance for requested action.")


def missing(name: str) -> ApiError:
    return ApiError(
        -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )


def missing_either(first: str, second: str) -> ApiError:
    return ApiError(-1102, f"Param '{first}' or '{second}' must be sent, but both were empty/null!")


def not_required(name: str) -> ApiError:
    return ApiError(-1106, f"Parameter '{name}' sent when not required.")


def illegal_characters(name: str, legal: str) -> ApiError:
    return ApiError(
        -1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    )


def invalid_data(name: str) -> ApiError:
    return ApiError(-1130, f"Data sent for parameter '{name}' is not valid.")


def bad_combination() -> ApiError:
    return ApiError(-1128, "Combination of optional parameters invalid.")


def key_format() -> ApiError:
    return ApiError(-2014, "API-key format invalid.", HTTPStatus.UNAUTHORIZED)


def key_refused() -> ApiError:
    return ApiError(
        -2015, "Invalid API-key, IP, or permissions for action.", HTTPStatus.UNAUTHORIZED
    )


def weight_exceeded(limit: int, retry_after: int) -> ApiError:
    return ApiError(
        -1003,
        f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API.",
        HTTPStatus.TOO_MANY_REQUESTS,
        {"Retry-After": str(retry_after)},
    )


def banned(until: int, retry_after: int) -> ApiError:
    return ApiError(
        -1003,
        f"Way too much request weight used; IP banned until {until}. "
        "Please use WebSocket Streams for live updates to avoid bans.",
        HTTPStatus.IM_A_TEAPOT,
        {"Retry-After": str(retry_after)},
    )


def too_many_orders(limit: int, window: str, retry_after: int) -> ApiError:
    return ApiError(
        -1015,
        f"Too many new orders; current limit is {limit} orders per {window}.",
        HTTPStatus.TOO_MANY_REQUESTS,
        {"Retry-After": str(retry_after)},
    )


def too_many_connections(limit: int, retry_after: int) -> ApiError:
    return ApiError(
        -1034,
        f"Too many connection attempts from IP; current limit is {limit} per '5 MINUTE'.",
        HTTPStatus.TOO_MANY_REQUESTS,
        {"Retry-After": str(retry_after)},
    )


def restricted_region() -> ApiError:
    return ApiError(
        0,
        "Service unavailable from a restricted location according to 'b. Eligibility' in "
        "https://www.binance.com/en/terms. Please contact customer service if you believe you "
        "received this message in error.",
        HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS,
    )
