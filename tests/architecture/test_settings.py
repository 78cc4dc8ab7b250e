"""Does `.env.example` tell the truth? It is written from Settings, and only from there."""

from nexus.settings import Settings, env_example
from tests.architecture.source import ROOT

REWRITE = 'python -c "from nexus.settings import *; print(env_example(), end=str())" >.env.example'


def test_the_example_equals_the_settings() -> None:
    assert (ROOT / ".env.example").read_text() == env_example(), f"Write it anew: {REWRITE}"


def test_every_variable_is_in_the_example_with_a_sentence() -> None:
    lines = env_example().splitlines()
    for name in Settings.model_fields:
        at = next(n for n, line in enumerate(lines) if line.startswith(f"{name.upper()}="))
        assert lines[at - 1].startswith("# "), name
        assert lines[at - 1].endswith("."), name
