"""Does axe find anything wrong in any page, in any state, by day and by night?"""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from nexus.core.assets import STATIC, read_vendor
from tests.templates import samples
from tests.templates.stage import Stage, open_stage

AXE = read_vendor(STATIC, "vendor-tests.toml")["axe"]
RUN = """
async () => {
  document.querySelectorAll("main details").forEach((part) => { part.open = true; });
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html}`));
}
"""
LOOKS = [("light", 390, 844), ("dark", 1280, 900)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("NEXUS_BROWSER")
    if not path:
        pytest.skip("no browser: bin/test finds one and names it in NEXUS_BROWSER")
    if not AXE.is_there(STATIC):
        pytest.skip("axe is not there: bin/assets brings it")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_stage() as stage:
        yield stage


@pytest.fixture(scope="module", params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    scheme, width, height = request.param
    # The policy is for the pages; axe is what the test brings along.
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("state", sorted(samples.PAGES))
def test_axe_finds_nothing_wrong(page: Page, stage: Stage, state: str) -> None:
    page.goto(f"{stage.url}/{state}", wait_until="domcontentloaded")
    page.evaluate((STATIC / "vendor" / AXE.local_name).read_text())
    assert page.evaluate(RUN) == []
