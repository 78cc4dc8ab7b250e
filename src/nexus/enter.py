"""What happens first when somebody calls `nexus`? Ctrl-C is answered, then all else is imported.

The imports take seconds. Pressed meanwhile, Ctrl-C would show where Python happened to be.
"""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    before = signal.signal(signal.SIGINT, _leave)
    from nexus.cli import main as run  # noqa: PLC0415  slow, so Ctrl-C is answered before

    # `up` imports more and then listens to signals itself; nothing it leaves behind has begun
    # by then. The others may be asking for a password, with the terminal not as it should be left.
    if sys.argv[1:2] != ["up"]:
        signal.signal(signal.SIGINT, before)
    run(prog_name="nexus")


def _leave(_number: int, _frame: FrameType | None) -> None:
    """End at once and without a word from Python; an import cannot be told to stop in order."""
    os.write(2, b"Stopped before anything was started.\n")
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
