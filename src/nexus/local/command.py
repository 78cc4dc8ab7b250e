"""What can be said on the command line? `nexus up` and its options."""

import sys
from pathlib import Path

import click


@click.command("up")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".nexus"),
    show_default=True,
    help="Where the data of this installation lies.",
)
@click.option("--host", help="The address the pages listen on.  [default: HOST, or 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="The port the pages listen on; 0 takes any free one.  [default: PORT, or 8000]",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 32),
    default=1,
    show_default=True,
    help="How many worker processes.",
)
def up_command(folder: Path, host: str | None, port: int | None, workers: int) -> None:
    """Run all of Nexus on this machine, with a simulated exchange and demo data."""
    # Imported only now: every other command reads this file too and needs none of them.
    from nexus.core.migrate import upgrade  # noqa: PLC0415
    from nexus.local.demo import DEMO_SETTINGS, check_demo, seed_demo  # noqa: PLC0415
    from nexus.local.up import Options, Parts, run  # noqa: PLC0415

    parts = Parts(
        nexus=(sys.executable, "-m", "nexus.cli"),
        migrate=upgrade,
        seed_demo=seed_demo,
        check_demo=check_demo,
        demo_settings=DEMO_SETTINGS,
    )
    sys.exit(run(Options(folder, host, port, workers), parts))
