"""Run the scenarios: `python -m bench [NAME ...]`."""

import asyncio
import sys

from bench import one_decision

SCENARIOS = {"one_decision": one_decision.measure}


def main() -> int:
    """Run the scenarios named on the command line, or all of them."""
    names = sys.argv[1:] or list(SCENARIOS)
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        sys.stderr.write(f"No scenario {', '.join(unknown)}; there are: {', '.join(SCENARIOS)}.\n")
        return 1
    for name in names:
        sys.stdout.write(asyncio.run(SCENARIOS[name]()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
