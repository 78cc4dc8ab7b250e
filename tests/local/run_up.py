"""How do these tests run `nexus up`? The real thing, with stand-ins for what it starts."""

import os
import sys
import time
from pathlib import Path

import psycopg

from nexus.local.up import Options, Parts, run
from nexus.settings import Settings

STANDIN = Path(__file__).with_name("standin.py")


def migrate(url: str) -> None:
    """Make a table, which only a database that is really there allows."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS shape (n int)")


async def seed_demo(settings: Settings, simulator_url: str) -> tuple[str, str]:
    """Give the password that the folder remembers; take long over it when told to."""
    assert settings.exchange_url == simulator_url
    if "STANDIN_SLOW_DEMO" in os.environ:
        sys.stdout.write("the demo takes long\n")
        sys.stdout.flush()
        time.sleep(2)  # noqa: ASYNC251  a demo that blocks everything is the bad case
    return "demo@example.com", os.environ["DEMO_PASSWORD"]


PARTS = Parts(
    (sys.executable, str(STANDIN)), migrate, seed_demo, demo_settings={"TICK_SECONDS": "5"}
)

if __name__ == "__main__":
    folder, port, workers = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    sys.exit(run(Options(folder, None, port, workers), PARTS))
