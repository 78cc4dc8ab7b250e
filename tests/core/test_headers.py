"""Does every answer, refusals and errors included, tell the browser what to refuse and keep?"""

from dataclasses import replace

import pytest

from nexus.core.assets import STATIC, load_assets
from nexus.core.headers import content_security_policy, security_headers
from nexus.core.site import Site
from tests.website import Website

SITE = Site(base_url="https://nexus.example", assets=load_assets("auto"), secret=b"x")


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/livez", "/readyz", "/form", "/nope", "/boom", "/number/x", "/static/nope.css"],
)
async def test_every_answer_is_complete(website: Website, path: str) -> None:
    async with website.browser() as browser:
        headers = (await browser.get(path)).headers
    for name, value in security_headers(website.app.state.site).items():
        assert headers[name] == value
    policy = headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


async def test_pages_are_kept_by_nobody(website: Website) -> None:
    async with website.browser() as browser:
        for path in ("/sign-in", "/form", "/nope"):
            headers = (await browser.get(path)).headers
            assert headers["cache-control"] == "no-store"
            assert headers["vary"] == "HX-Request, Cookie"


async def test_a_file_is_kept_a_year_under_the_address_of_its_bytes_only(website: Website) -> None:
    right = website.app.state.site.assets.asset("icons/nexus.svg").url
    async with website.browser() as browser:
        kept = await browser.get(right)
        assert kept.status_code == 200
        assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
        for path in (
            "/static/icons/nexus.svg",
            "/static/icons/nexus.svg?v=0",
            "/static/no.css?v=0",
        ):
            assert (await browser.get(path)).headers["cache-control"] == "no-cache"


async def test_a_pinned_file_has_its_version_in_its_address(website: Website) -> None:
    files = sorted((STATIC / "vendor").rglob("*.js"))
    if not files:
        pytest.skip("static/vendor is empty: bin/assets could not bring the pinned files")
    async with website.browser() as browser:
        answer = await browser.get(f"/static/{files[0].relative_to(STATIC)}")
    assert answer.headers["cache-control"].endswith("immutable")


def test_https_is_remembered_where_there_is_https() -> None:
    assert security_headers(SITE)["Strict-Transport-Security"] == "max-age=31536000"
    plain = replace(SITE, base_url="http://127.0.0.1:8000")
    assert "Strict-Transport-Security" not in security_headers(plain)


def test_the_cdn_is_allowed_where_files_come_from_it() -> None:
    local = content_security_policy(SITE)
    cdn = content_security_policy(replace(SITE, assets=load_assets("cdn")))
    if not SITE.assets.from_cdn:
        assert "script-src 'self';" in local
        assert "style-src 'self';" in local
    assert "script-src 'self' https://cdn.jsdelivr.net;" in cdn
    assert "connect-src 'self';" in cdn
