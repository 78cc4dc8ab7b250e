"""Does the scenario see a page, and lines that arrive on it?"""

import os
import re
import shutil

import pytest

from bench.phone import measure


async def test_a_page_is_seen_and_lives() -> None:
    if not (os.environ.get("NEXUS_BROWSER") or shutil.which("chromium")):
        pytest.skip("no browser: set NEXUS_BROWSER to a Chromium")
    said = await measure(seconds=5, loads=1, warm_seconds=3)
    assert float(re.findall(r"first content (\d+) ms", said)[0]) > 0
    assert int(re.findall(r"(\d+) lines told", said)[0]) >= 50
    assert "lines on the page 50;" in said
    assert said.endswith("the page says it is live")
