"""How does a database outlive the command that started it?

Run as a script: forks, and the copy leaves the terminal's session, gives up root when it is told
to, sends its output to a log and becomes the server. Prints the server's process id. A server
that is nobody's child cannot become a zombie of a killed `nexus up`, and Ctrl-C does not reach it.

Usage: detach.py UID GID FOLDER LOG COMMAND [ARGUMENT ...]. It imports nothing of ours.
"""

import os
import sys


def main(uid: int, gid: int, folder: str, log: str, command: list[str]) -> None:
    """Start `command` in `folder` as `uid` and `gid`."""
    pid = os.fork()
    if pid:
        print(pid)  # noqa: T201  the caller reads it
        return
    os.setsid()
    os.umask(0o077)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 1)
    os.dup2(1, 2)
    if os.geteuid() != uid:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.chdir(folder)
    os.execv(command[0], command)  # noqa: S606  no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5:])
