"""How does a process end when the `nexus up` above it is killed?

Run as a script in front of the real command: asks the kernel to send SIGKILL once the parent
is gone, then becomes the command. Only Linux can do that; elsewhere it just becomes the command.
SIGKILL and not SIGTERM, because a page that streams could hold a polite ending up for ever, and
every process of ours must survive being killed anyway.

Usage: leash.py PARENT_PID COMMAND [ARGUMENT ...]. It imports nothing of ours, to be quick.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Tie this process to `parent`, then become `command`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # The parent died before the kernel knew whom to watch.
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606  no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
