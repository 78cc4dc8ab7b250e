"""The command line: `nexus up | web | worker | simulator | migrate | replay | ...`."""

import os
import sys
from collections.abc import Callable
from functools import wraps

import click

from nexus.accounts.audit_command import audit_command
from nexus.accounts.command import accounts_command
from nexus.admin.command import admin_command
from nexus.exchanges.command import keys_command
from nexus.execution.command import ledger_command
from nexus.local.beside import environment_beside
from nexus.local.command import up_command
from nexus.local.demo_key import demo_key_command
from nexus.local.errors import LocalError
from nexus.local.given import bring_to_newest_shape, check_database
from nexus.local.replay_command import replay_command
from nexus.notices.command import push_key_command
from nexus.settings import Settings, SettingsError, load_settings
from nexus.simulator.command import simulator
from nexus.strategy.border import StrategyError
from nexus.strategy.check import load_checked_settings

BESIDE = frozenset({"accounts", "admin", "audit", "keys", "ledger"})
"""An operator's commands, which find the database of a running `nexus up` by themselves."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nexus")
@click.pass_context
def main(context: click.Context) -> None:
    """Serve trading bots to many people, each on their own exchange account."""
    if context.invoked_subcommand in BESIDE:
        os.environ.update(environment_beside(os.environ))


Command = Callable[[], None]


def with_settings(
    load: Callable[[], Settings],
) -> Callable[[Callable[[Settings], None]], Command]:
    """Read the environment first; say everything that is wrong with it and leave with 1."""

    def around(run: Callable[[Settings], None]) -> Command:
        @wraps(run)
        def command() -> None:
            try:
                run(load())
            except (SettingsError, StrategyError) as error:
                click.echo(str(error), err=True)
                sys.exit(1)

        return command

    return around


@main.command()
@with_settings(load_checked_settings)
def web(settings: Settings) -> None:
    """Serve the pages."""
    from nexus.app import run_web  # noqa: PLC0415  the other commands need not load the web

    run_web(settings)


@main.command()
@with_settings(load_checked_settings)
def worker(settings: Settings) -> None:
    """Look at the market, decide, and place orders."""
    from nexus.worker import run_worker  # noqa: PLC0415  the other commands need not load it

    run_worker(settings)


@main.command()
@with_settings(load_settings)
def migrate(settings: Settings) -> None:
    """Bring the database at DATABASE_URL to the newest shape."""
    from nexus.core.migrate import newest_revision, upgrade  # noqa: PLC0415  Alembic is slow

    if not settings.database_url:
        raise SettingsError("DATABASE_URL: must be set, for example postgresql://localhost/nexus")
    try:
        check_database(settings.database_url)
        bring_to_newest_shape(upgrade, settings.database_url)
    except LocalError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The database is at {newest_revision()}.")


main.add_command(up_command)
main.add_command(replay_command)
main.add_command(simulator)
main.add_command(accounts_command)
main.add_command(audit_command)
main.add_command(admin_command)
main.add_command(keys_command)
main.add_command(ledger_command)
main.add_command(push_key_command)
main.add_command(demo_key_command)

if __name__ == "__main__":
    main()
