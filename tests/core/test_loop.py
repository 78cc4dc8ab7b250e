"""Is it the fast loop where there is one, and asyncio's own where there is not?"""

import sys

import pytest

from nexus.core.loop import fast_loop


def test_it_is_uvloop_where_there_is_one() -> None:
    uvloop = pytest.importorskip("uvloop")
    assert fast_loop() is uvloop.new_event_loop


def test_it_is_asyncios_own_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert fast_loop() is None
