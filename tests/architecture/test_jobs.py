"""Does the worker list every job? A job that is declared and not listed is rung and never done."""

import pkgutil
from importlib import import_module

import nexus
from nexus.core.queue import declared_jobs
from nexus.worker import JOBS


def test_the_worker_lists_every_declared_job() -> None:
    for module in pkgutil.walk_packages(nexus.__path__, "nexus."):
        if module.name.endswith(".jobs"):
            import_module(module.name)
    listed = [job.name for job in JOBS]
    assert sorted(listed) == sorted(declared_jobs())
    assert listed, "No job was found, so this test would prove nothing."
