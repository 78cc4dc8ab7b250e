"""Which event loop runs a process that does a great deal at once?"""

import asyncio
from collections.abc import Callable


def fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Give uvloop where there is one (not on Windows); None means asyncio's own loop."""
    try:
        import uvloop  # noqa: PLC0415  may be absent
    except ImportError:
        return None
    return uvloop.new_event_loop
