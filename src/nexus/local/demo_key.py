"""How does somebody try the connect page without an exchange? `nexus demo-key` plays its part.

It opens an account at the simulated exchange of a running `nexus up` and prints a key of it, as
Binance's page would.
"""

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from nexus.local.beside import FOLDER

ANSWER_SECONDS = 5


@click.command("demo-key")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    show_default=True,
    help="Where the data of the running `nexus up` lies.",
)
@click.option("--secret", is_flag=True, help="A key with a secret, instead of with our public key.")
def demo_key_command(folder: Path, *, secret: bool) -> None:
    """Make a key at the demo's simulated exchange, to paste into the connect page."""
    simulator = _simulator_of(folder)
    public_key = None if secret else _ask_for_public_key()
    [account] = _ask(simulator, "accounts", {"count": 1})
    if secret:
        click.echo(f"API key:    {account['key']}\nSecret key: {account['secret']}")
        return
    wanted = {"uid": account["uid"], "kind": "ED25519", "public_key": public_key}
    click.echo(f"API key:    {_ask(simulator, 'keys', wanted)['key']}")


def _simulator_of(folder: Path) -> str:
    """Read where the running demo's exchange listens; on this machine, and nowhere else."""
    try:
        url = str(json.loads((folder / "ready.json").read_text())["simulator_url"])
    except (OSError, ValueError, KeyError):
        message = f"No demo runs in {folder.resolve()}. Start it with `nexus up` first."
        raise click.ClickException(message) from None
    if urlsplit(url).hostname != "127.0.0.1":
        raise click.ClickException(f"{url} is not on this machine.")
    return url


def _ask_for_public_key() -> str:
    if sys.stdin.isatty():
        click.echo("Paste the public key from the connect page:", err=True)
    lines: list[str] = []
    for line in sys.stdin:
        lines.append(line.strip())
        if "END PUBLIC KEY" in line:
            return "\n".join(lines) + "\n"
    message = "That is no public key. Paste all of it, from BEGIN to END PUBLIC KEY."
    raise click.ClickException(message)


def _ask(simulator: str, path: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(  # noqa: S310  http on this machine, checked above
        f"{simulator}/simulator/{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        raise click.ClickException(json.load(refused)["error"]) from None
    except OSError as error:
        message = f"The simulated exchange does not answer: {error}. Is `nexus up` running?"
        raise click.ClickException(message) from None
