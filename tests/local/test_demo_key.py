"""Does the demo's exchange hand out keys that work, and only where a demo runs?"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from nexus.local.demo_key import demo_key_command
from nexus.simulator.server import RunningSimulator, SimulatorOptions, start_simulator


@pytest.fixture
async def exchange() -> AsyncIterator[RunningSimulator]:
    running = await start_simulator(SimulatorOptions())
    yield running
    await running.stop()


async def make(folder: Path, *options: str, pasted: str = "") -> Result:
    """Run the command in a thread: the exchange answers in this one."""
    arguments = ["--folder", str(folder), *options]
    return await asyncio.to_thread(CliRunner().invoke, demo_key_command, arguments, input=pasted)


def ready(folder: Path, url: str) -> None:
    (folder / "ready.json").write_text(json.dumps({"simulator_url": url}))


async def test_a_key_with_a_secret(tmp_path: Path, exchange: RunningSimulator) -> None:
    ready(tmp_path, exchange.url)
    made = await make(tmp_path, "--secret")
    assert made.exit_code == 0, made.output
    key, secret = (line.split()[-1] for line in made.output.splitlines())
    assert exchange.exchange.keys[key].proof == secret


async def test_a_key_for_our_public_key(tmp_path: Path, exchange: RunningSimulator) -> None:
    ready(tmp_path, exchange.url)
    public = Ed25519PrivateKey.generate().public_key()
    pasted = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    made = await make(tmp_path, pasted=f"\n{pasted}\nand more")
    assert made.exit_code == 0, made.output
    key = made.output.split()[-1]
    assert exchange.exchange.keys[key].kind == "ED25519"


@pytest.mark.parametrize("pasted", ["", "nothing", "-----BEGIN PUBLIC KEY-----\nabc\n"])
async def test_what_is_no_public_key_is_said(
    tmp_path: Path, exchange: RunningSimulator, pasted: str
) -> None:
    ready(tmp_path, exchange.url)
    made = await make(tmp_path, pasted=pasted)
    assert made.exit_code == 1
    assert "Paste all of it" in made.output
    assert len(exchange.exchange.accounts) == 0


async def test_without_a_running_demo_it_says_how_to_start_one(tmp_path: Path) -> None:
    made = await make(tmp_path, "--secret")
    assert made.exit_code == 1
    assert "Start it with `nexus up` first." in made.output


async def test_an_exchange_that_is_gone_or_elsewhere_is_said(tmp_path: Path) -> None:
    ready(tmp_path, "http://127.0.0.1:9")
    assert "does not answer" in (await make(tmp_path, "--secret")).output
    ready(tmp_path, "https://api.example.com")
    assert "is not on this machine" in (await make(tmp_path, "--secret")).output
