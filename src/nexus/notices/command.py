"""How does an operator make the key for push? `nexus push-key`."""

import click

from nexus.notices.vapid import make_key


@click.command("push-key")
def push_key_command() -> None:
    """Print a new VAPID_PRIVATE_KEY. With another key every device has to ask again."""
    click.echo(f"VAPID_PRIVATE_KEY={make_key()}")
