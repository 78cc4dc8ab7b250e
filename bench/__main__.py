"""Run the scenarios: `python -m bench [NAME ...]`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from bench import dispatch, one_decision, phone, sign_in, ten_minutes

SCENARIOS: dict[str, Callable[[], Awaitable[str]]] = {
    "one_decision": one_decision.measure,
    "sign_in": sign_in.measure,
    "ten_minutes": ten_minutes.measure,
    "dispatch": dispatch.measure,
    "phone": phone.measure,
}


def main() -> int:
    """Run the scenarios named on the command line, or all of them."""
    names = sys.argv[1:] or list(SCENARIOS)
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        sys.stderr.write(f"No scenario {', '.join(unknown)}; there are: {', '.join(SCENARIOS)}.\n")
        return 1
    for name in names:
        sys.stdout.write(asyncio.run(_run(SCENARIOS[name])) + "\n")
    return 0


async def _run(measure: Callable[[], Awaitable[str]]) -> str:
    return await measure()


if __name__ == "__main__":
    sys.exit(main())
