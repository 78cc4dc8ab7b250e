"""Does a fault point kill where the plan says, and nowhere and never else?"""

import signal
import subprocess
import sys

import pytest

from nexus.core.faults import load_faults, reach

SCRIPT = """
from nexus.core.faults import load_faults, reach
load_faults({plan!r}, seed=1)
for point in ("claimed", "sent", "recorded", "swept"):
    print(point, flush=True)
    reach(point)
print("alive")
"""


def run(plan: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.format(plan=plan)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_without_a_plan_nothing_happens() -> None:
    reach("sent")


def test_a_process_dies_at_its_point_and_says_where() -> None:
    died = run("sent=1")
    assert died.returncode == -signal.SIGKILL
    assert died.stdout.split() == ["claimed", "sent"]
    assert died.stderr == "fault reached=sent:kill\n"


def test_it_can_be_told_to_end_instead() -> None:
    ended = run("recorded:end=1")
    assert ended.returncode == -signal.SIGTERM
    assert ended.stderr == "fault reached=recorded:end\n"


def test_what_has_no_chance_never_happens() -> None:
    assert run("sent=0,claimed=0").stdout.endswith("alive\n")


@pytest.mark.parametrize("plan", ["nowhere=1", "sent:late=1", "sent", "sent=often"])
def test_a_plan_that_is_none_is_refused(plan: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        load_faults(plan, seed=1)
