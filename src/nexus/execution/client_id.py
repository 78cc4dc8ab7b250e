"""What do we call an order? A name derived from what it is for, so that it can be found again."""

import base64
import hashlib


def client_order_id(
    environment: str, account_id: int, origin: str, attempt: int, leg: int = 1
) -> str:
    """Name the order of one attempt: the same inputs always give the same name.

    29 characters of Binance's `^[a-zA-Z0-9-_]{1,36}$`. The environment is part of it, so that
    staging cannot collide with production on a shared account.
    """
    parts = f"{environment}|{account_id}|{origin}|{leg}|{attempt}"
    digest = base64.b32encode(hashlib.sha256(parts.encode()).digest()).decode().lower()
    return f"nx-{digest[:26]}"
