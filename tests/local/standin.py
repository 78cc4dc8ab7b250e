"""What does `nexus up` start in these tests? A stand-in for `nexus simulator|worker|web`.

Writes down its process id and settings, answers on every path, and behaves badly when the
variable STANDIN_<NAME> says so: `dies`, `stubborn` or `unready`.
"""

import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PASSED_ON = (
    "BASE_URL", "DATABASE_URL", "EXCHANGE_URL", "HOST", "KEY_ENCRYPTION_KEY", "MARKET_URL",
    "PORT", "REDIS_URL", "SESSION_SECRET", "TICK_SECONDS",
)  # fmt: skip


class Answers(BaseHTTPRequestHandler):
    """Says that everything is well, or that nothing is."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b'{"database": false}')

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


def main() -> None:
    name, *arguments = sys.argv[1:]
    behaviour = os.environ.get(f"STANDIN_{name.upper()}", "")
    pids = [os.getpid()]
    if behaviour == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pids.append(subprocess.Popen(["/bin/sleep", "600"]).pid)
    seen = {"pids": pids, "arguments": arguments} | {k: os.environ.get(k) for k in PASSED_ON}
    number = f"-{pids[0]}" if name == "worker" else ""
    (Path(os.environ["STANDIN_FOLDER"]) / f"{name}{number}.json").write_text(json.dumps(seen))
    sys.stdout.write(f"{name} is here\n")
    sys.stdout.flush()
    if behaviour == "dies":
        sys.exit(3)
    if name == "worker":
        time.sleep(600)
    Answers.status = 503 if behaviour == "unready" else 200
    port = arguments[arguments.index("--port") + 1] if name == "simulator" else os.environ["PORT"]
    ThreadingHTTPServer(("127.0.0.1", int(port)), Answers).serve_forever()


main()
