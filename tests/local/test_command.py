"""Does `nexus up` hand on what was said on its command line, and refuse what cannot be?"""

from pathlib import Path

import pytest
from click.testing import CliRunner

from nexus.core.migrate import upgrade
from nexus.local import up
from nexus.local.command import up_command
from nexus.local.demo import DEMO_SETTINGS, seed_demo
from nexus.local.up import Options, Parts


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Options, Parts]]:
    """Note what would have been run; each run ends with exit code 3."""
    asked: list[tuple[Options, Parts]] = []

    def pretend(options: Options, parts: Parts) -> int:
        asked.append((options, parts))
        return 3

    monkeypatch.setattr(up, "run", pretend)
    return asked


def test_without_options_the_settings_decide(runs: list[tuple[Options, Parts]]) -> None:
    assert CliRunner().invoke(up_command, []).exit_code == 3
    [(options, parts)] = runs
    assert options == Options(Path(".nexus"), None, None, 1)
    assert tuple(parts.nexus[1:]) == ("-m", "nexus.cli")
    assert (parts.migrate, parts.seed_demo) == (upgrade, seed_demo)
    assert parts.demo_settings == DEMO_SETTINGS


def test_options_are_handed_on(runs: list[tuple[Options, Parts]]) -> None:
    given = ["--folder=home", "--host=0.0.0.0", "--port=0", "--workers=2"]
    CliRunner().invoke(up_command, given)
    assert runs[0][0] == Options(Path("home"), "0.0.0.0", 0, 2)  # noqa: S104  never listened on


@pytest.mark.parametrize("wrong", ["--port=70000", "--port=x", "--workers=0", "--workers=33"])
def test_what_cannot_be_is_refused(runs: list[tuple[Options, Parts]], wrong: str) -> None:
    said = CliRunner().invoke(up_command, [wrong])
    assert said.exit_code == 2
    assert wrong.partition("=")[0] in said.stderr
    assert runs == []
