"""Does whatever somebody types, pastes or plants come out as what it is, or as a plain refusal?

Properties, not examples: hypothesis invents the text, and shrinks what breaks a parser.
"""

import asyncio
import json
import re
import string
from collections.abc import Mapping
from decimal import Decimal
from ipaddress import ip_address, ip_network
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import pyotp
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from litestar import Request
from litestar.exceptions import ClientException, NotFoundException
from pydantic import ValidationError

from nexus.accounts.errors import AccountRefusedError
from nexus.accounts.forms import SignUpForm
from nexus.accounts.guard import local_path
from nexus.accounts.known_browser import MOST_PEOPLE, read_tokens
from nexus.accounts.register import LONGEST_EMAIL, LONGEST_NAME, check_email, check_name, email_key
from nexus.accounts.sessions import TOKEN_SHAPE
from nexus.accounts.totp import _step_of
from nexus.admin.errors import ActRefusedError
from nexus.admin.forms import REASON_LENGTH, read_id, read_reason
from nexus.bots.errors import BotRefusedError
from nexus.bots.forms import LARGEST, read_amount
from nexus.core.assets import load_assets
from nexus.core.client import client_address, client_network
from nexus.core.csp_report import DIRECTIVE, OTHER, read_reports
from nexus.core.environment import split_list, split_pairs
from nexus.core.forms import Form, form_fields
from nexus.core.ids import LARGEST_ID
from nexus.core.render import slug
from nexus.core.site import Site
from nexus.feed.routes import _symbol
from nexus.settings import Settings

steady = settings(deadline=None, derandomize=True, max_examples=200)
"""The same texts each time: what fails here failed for a reason, not for a draw."""
ANYTHING = st.text(max_size=60)
NASTY = st.text(alphabet="/\\:@.?#%&= \t\n\r\0abcEVIL0-9\u2028\u00a0", max_size=30)
TEXT = ANYTHING | NASTY


# ------------------------------------------------------------------------------- people
@steady
@given(TEXT | st.emails())
@example("a@b.c\n")
@example("a@b.c\r\nBcc: all@example.com")
@example('"><script>@example.com')
def test_an_address_is_one_line_without_markup_or_it_is_refused(text: str) -> None:
    try:
        email = check_email(text)
    except AccountRefusedError:
        return
    assert email in text
    assert check_email(email) == email
    assert len(email) <= LONGEST_EMAIL
    assert email.count("@") == 1
    assert not re.search(r"[\s<>\"'\0-\x1f\x7f]", email)
    assert email_key(email) == email_key(email.upper()) or not email.isascii()


@steady
@given(TEXT)
def test_a_name_can_be_shown_or_is_refused(text: str) -> None:
    try:
        name = check_name(text)
    except AccountRefusedError:
        return
    assert name.isprintable()
    assert len(name) <= LONGEST_NAME
    assert check_name(name) == name


# ------------------------------------------------------------------------------- addresses
def goes_to(address: str, base: str) -> str:
    """Give the site a browser goes to, by the rules of its `new URL(address, base)`.

    The rules that matter here (url.spec.whatwg.org): control characters and spaces at the ends
    are cut, tabs and line ends vanish, a backslash is a slash, and `//` begins another host.
    """
    text = re.sub(r"[\t\n\r]", "", address.strip("".join(map(chr, range(33)))))
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text):
        return urlsplit(text.replace("\\", "/")).netloc or text
    text = text.replace("\\", "/")
    return re.split(r"[/?#]", text[2:])[0] if text.startswith("//") else urlsplit(base).netloc


@steady
@given(TEXT | NASTY.map(lambda text: f"/{text}") | st.text(alphabet="/\\\t\n .", max_size=8))
@example("//evil.example")
@example("/\\evil.example")
@example("/\t/evil.example")
@example("/\x0b/evil.example")
@example("\x00//evil.example")
@example("https:evil.example")
@example("javascript:alert(1)")
def test_after_signing_in_nobody_leaves_this_site(wanted: str) -> None:
    ours = "nexus.example"
    assert goes_to(local_path(wanted), f"https://{ours}/sign-in") == ours
    assert local_path(local_path(wanted)) == local_path(wanted)


@steady
@given(st.sampled_from(["//evil.example", "/\\evil.example", "\t//evil.example", "http:\\\\evil"]))
def test_the_judge_of_addresses_sees_another_site(address: str) -> None:
    assert goes_to(address, "https://nexus.example/") != "nexus.example"


@steady
@given(TEXT)
def test_an_address_names_one_of_our_symbols_or_nothing(name: str) -> None:
    symbols = ("BTC/USDT", "ETH/USDT")
    try:
        symbol = _symbol(name, symbols)
    except NotFoundException:
        return
    assert symbol in symbols
    assert slug(symbol) == name


@steady
@given(TEXT | st.integers().map(str) | st.text(alphabet="0123456789\u0663\u00b2", max_size=5000))
@example(str(2**63))
@example("9" * 19)
def test_a_number_in_an_address_is_an_id_or_nothing(text: str) -> None:
    number = read_id(text)
    if number is None:
        return
    assert 0 <= number <= LARGEST_ID
    assert text.lstrip("0") == str(number).lstrip("0")


@steady
@given(TEXT)
def test_a_reason_is_one_line(text: str) -> None:
    try:
        reason = read_reason(text)
    except ActRefusedError:
        return
    assert reason.isprintable()
    assert len(reason) in REASON_LENGTH


# ------------------------------------------------------------------------------- forms
def fields(body: bytes) -> dict[str, str]:
    """Read a body the way a route does."""

    async def read() -> bytes:
        return body

    request = SimpleNamespace(content_type=("application/x-www-form-urlencoded", {}), body=read)
    return asyncio.run(form_fields(cast("Any", request)))


@steady
@given(st.binary(max_size=200) | TEXT.map(str.encode) | TEXT.map(lambda text: quote(text).encode()))
@example(b"a=1&a=2")
@example(b"a=%00")
@example(b"a=%ff")
@example(b"&" * 500)
def test_a_body_is_text_by_name_or_is_refused(body: bytes) -> None:
    try:
        found = fields(body)
    except ClientException:
        return
    assert "\0" not in "".join(found.values())
    assert fields(urlencode(found).encode()) == found


@steady
@given(st.dictionaries(st.text(min_size=1), st.text().filter(lambda text: "\0" not in text)))
def test_what_was_typed_arrives_unchanged(typed: Mapping[str, str]) -> None:
    assert fields(urlencode(typed).encode()) == typed


@steady
@given(st.dictionaries(st.sampled_from([*SignUpForm.__struct_fields__, "role", "id"]), TEXT))
def test_a_form_takes_what_it_asked_for_and_nothing_else(typed: dict[str, str]) -> None:
    known = set(SignUpForm.__struct_fields__)
    if not typed.keys() <= known:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(typed, SignUpForm)
        return
    form: Form = msgspec.convert(typed, SignUpForm)
    assert {name: getattr(form, name) for name in typed} == typed
    assert repr(form) == "SignUpForm(...)"


@steady
@given(
    TEXT | st.decimals().map(str) | st.floats().map(str) | st.text("0123456789,. -+eE", max_size=20)
)
@example("NaN")
@example("Infinity")
@example("1e3")
@example("250,50")
@example("\u0661\u0662\u0663")
def test_an_amount_is_plain_money_or_is_refused(text: str) -> None:
    try:
        amount = read_amount("allocation", text, at_least=Decimal(10), unit="USDT")
    except BotRefusedError:
        return
    assert amount.is_finite()
    assert Decimal(10) <= amount <= LARGEST
    assert amount == amount.quantize(Decimal("0.01"))
    digits = re.sub(r"[, ]", "", text.strip())
    assert set(digits) <= set(string.digits + ".")
    assert Decimal(digits) == amount


# ------------------------------------------------------------------------------- cookies, codes
@steady
@given(TEXT | st.text(alphabet=string.ascii_letters + string.digits + "-_.", max_size=400))
def test_a_cookie_holds_tokens_or_nothing(cookie: str) -> None:
    tokens = read_tokens(cookie)
    assert len(tokens) <= MOST_PEOPLE
    assert all(TOKEN_SHAPE.fullmatch(token) and token.isascii() for token in tokens)


@steady
@given(TEXT | st.text(alphabet="0123456789 -\u0663", max_size=12))
def test_a_code_that_is_not_six_digits_is_no_code(typed: str) -> None:
    secret = "JBSWY3DPEHPK3PXP" * 2
    if _step_of(secret, typed) is not None:
        assert re.fullmatch(r"[0-9]{6}", re.sub(r"[\s-]", "", typed))
        assert len(pyotp.TOTP(secret).now()) == 6


# ------------------------------------------------------------------------------- where from
ASSETS = load_assets("auto")
PROXIES = ip_network("10.0.0.0/8")
WORDS_OF_REPORTS = TEXT | st.sampled_from(
    ["csp-report", "body", "blocked-uri", "blockedURL", "effectiveDirective", "violated-directive"]
)
ADDRESSES = st.ip_addresses().map(str)


def is_proxy(text: str) -> bool:
    """Say whether the address is a trusted one, also when IPv6 wraps it."""
    address = ip_address(text)
    return (getattr(address, "ipv4_mapped", None) or address) in PROXIES


def asked_from(peer: str, *headers: str) -> Request[Any, Any, Any]:
    site = Site(base_url="http://x", assets=ASSETS, secret=b"", trusted_proxies=(PROXIES,))
    scope: dict[str, Any] = {
        "type": "http",
        "litestar_app": SimpleNamespace(state=SimpleNamespace(site=site)),
        "client": (peer, 1),
        "headers": [(b"x-forwarded-for", value.encode("latin-1", "replace")) for value in headers],
        "state": {},
    }
    return Request(cast("Any", scope))


@steady
@given(ADDRESSES, st.lists(TEXT | ADDRESSES, max_size=4))
def test_what_a_stranger_claims_changes_nothing(peer: str, claims: list[str]) -> None:
    assume(not is_proxy(peer))
    assert client_network(asked_from(peer, *claims)) == client_network(asked_from(peer))


@steady
@given(st.lists(TEXT | ADDRESSES, max_size=4), ADDRESSES)
def test_a_proxy_is_believed_about_the_last_address_only(claims: list[str], seen: str) -> None:
    assume(not is_proxy(seen))
    header = ", ".join([*claims, seen])
    assert client_network(asked_from("10.0.0.1", header)) == client_network(asked_from(seen))


@steady
@given(st.lists(TEXT, max_size=4), TEXT)
def test_no_claim_breaks_the_reading_of_it(claims: list[str], peer: str) -> None:
    address = client_address(asked_from(peer, *claims))
    assert address is None or ip_address(str(address)) == address


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | TEXT,
    lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(WORDS_OF_REPORTS, deeper),
    max_leaves=12,
)


@steady
@given(st.binary(max_size=100) | JSON.map(lambda said: json.dumps(said).encode()))
@example(b"[" * 5000)
def test_of_a_browsers_report_only_known_shapes_are_kept(body: bytes) -> None:
    for directive, blocked in read_reports(body):
        assert directive == OTHER or DIRECTIVE.fullmatch(directive)
        assert blocked.isascii()
        assert not set(blocked) & set("\r\n?#@ ")


# ------------------------------------------------------------------------------- settings
@steady
@given(st.lists(st.text(alphabet=string.ascii_letters + "/.:-", min_size=1, max_size=9)))
def test_a_list_of_settings_is_its_parts(parts: list[str]) -> None:
    assert split_list(" , ".join(parts)) == parts
    assert split_list(parts) == parts


@steady
@given(TEXT)
def test_pairs_of_settings_are_whole_or_refused(text: str) -> None:
    try:
        pairs = split_pairs(text)
    except ValueError:
        return
    assert all(name and held for name, held in pairs.items())
    assert len(pairs) == len(split_list(text))


@steady
@given(TEXT | st.text(alphabet="BTCUSDETH/,", max_size=24))
def test_symbols_are_whole_or_refused_with_their_name(text: str) -> None:
    try:
        symbols = Settings(environment="test", symbols=cast("Any", text)).symbols
    except ValidationError:
        return
    assert all(re.fullmatch(r"[^/]+/[^/]+", symbol) for symbol in symbols)
    assert 1 <= len(symbols) == len(set(symbols)) <= 20
