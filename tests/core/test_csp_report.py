"""Does a report leave two words in the log, and nothing that somebody else wrote?"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from nexus.core.csp_report import LARGEST_REPORT, PER_NETWORK, read_reports
from nexus.core.headers import content_security_policy, security_headers
from tests.core.test_headers import SITE
from tests.website import Website

SECRET = "https://evil.example/x.js?session=canary"
OLD = {
    "csp-report": {
        "document-uri": "https://nexus.example/reset?token=canary",
        "violated-directive": "script-src-elem 'self'",
        "effective-directive": "script-src-elem",
        "blocked-uri": SECRET,
        "script-sample": "canary",
    }
}
NEW = [
    {
        "type": "csp-violation",
        "url": "https://nexus.example/reset?token=canary",
        "user_agent": "canary",
        "body": {"effectiveDirective": "style-src-attr", "blockedURL": "inline"},
    }
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def read(report: object) -> list[tuple[str, str]]:
    return list(read_reports(json.dumps(report).encode()))


def test_both_forms_are_read() -> None:
    assert read(OLD) == [("script-src-elem", "https://evil.example")]
    assert read(NEW) == [("style-src-attr", "inline")]


@pytest.mark.parametrize(
    ("blocked", "kept"),
    [
        (SECRET, "https://evil.example"),
        ("https://user:canary@evil.example:8443/", "https://evil.example"),
        ("data:text/html,canary", "data"),
        ("blob:https://nexus.example/canary", "blob"),
        ("eval", "eval"),
        ("canary", "other"),
        ("javascript:canary", "other"),
        ("https://evil.example\nlevel=critical", "other"),
        ("https://[canary", "other"),
        ("", "other"),
        (7, "other"),
        (None, "other"),
    ],
)
def test_an_address_is_cut_to_its_origin(blocked: object, kept: str) -> None:
    report = {"csp-report": {"effective-directive": "img-src", "blocked-uri": blocked}}
    assert read(report) == [("img-src", kept)]


@pytest.mark.parametrize("directive", ["", "IMG", "a b", "x" * 500, "img-src\n", "1", 5, None, []])
def test_a_directive_is_a_word_or_nothing(directive: object) -> None:
    [(kept, _)] = read([{"body": {"effectiveDirective": directive, "blockedURL": "inline"}}])
    assert kept in {"other", "a", "x" * 60}


@given(anything | st.builds(lambda inner: {"csp-report": inner, "body": inner}, anything))
def test_no_report_breaks_it(report: Any) -> None:
    for directive, blocked in read(report):
        assert len(directive) <= 60
        assert "\n" not in directive + blocked


@given(st.binary(max_size=300))
def test_no_bytes_break_it(body: bytes) -> None:
    list(read_reports(body))


async def test_a_browser_may_tell_without_being_anybody(website: Website) -> None:
    async with website.browser() as browser:
        with capture_logs() as lines:
            answer = await browser.http.post("/csp-report", json=OLD)
    assert answer.status_code == 204
    [line] = [line for line in lines if line["event"] == "csp_blocked"]
    assert line == {
        "event": "csp_blocked", "log_level": "warning",
        "directive": "script-src-elem", "blocked": "https://evil.example",
    }  # fmt: skip
    assert "canary" not in str(lines)


async def test_a_long_report_is_refused(website: Website) -> None:
    async with website.browser() as browser:
        answer = await browser.http.post("/csp-report", content=b"[" * (LARGEST_REPORT + 1))
    assert answer.status_code == 413


async def test_too_many_reports_are_refused(website: Website) -> None:
    async with website.browser() as browser:
        for _ in range(PER_NETWORK.limit):
            assert (await browser.http.post("/csp-report", json=[])).status_code == 204
        answer = await browser.http.post("/csp-report", json=NEW)
    assert answer.status_code == 429
    assert answer.headers["retry-after"]


def test_every_page_says_where_to_tell() -> None:
    policy = content_security_policy(SITE).split("; ")
    assert "report-uri /csp-report" in policy
    assert "report-to csp" in policy
    assert security_headers(SITE)["Reporting-Endpoints"] == 'csp="/csp-report"'
