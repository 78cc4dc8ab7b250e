"""Is a taken port refused before anything starts, and in words that help?"""

import socket

import pytest

from nexus.local.address import Address, choose_address
from nexus.local.errors import LocalError


def test_a_taken_port_is_refused_with_another_one_proposed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalError, match=rf"Port {port} on 127\.0\.0\.1 is taken.*--port"):
            choose_address("127.0.0.1", port)


def test_a_port_is_taken_when_its_name_leads_elsewhere() -> None:
    """We listen on 127.0.0.1 and say `localhost`, which browsers look for at ::1 first."""
    try:
        other = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with other:
        port = other.getsockname()[1]
        with pytest.raises(LocalError, match=f"Port {port} .* is taken .* PORT="):
            choose_address("127.0.0.1", port)


def test_port_zero_is_any_free_one() -> None:
    chosen = choose_address("127.0.0.1", 0)

    assert chosen.port > 0
    assert choose_address("127.0.0.1", chosen.port) == chosen


def test_a_host_that_is_not_ours_is_refused() -> None:
    with pytest.raises(LocalError, match=r"cannot listen on 192\.0\.2\.1.*--host"):
        choose_address("192.0.2.1", 8000)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://localhost:80"),
        ("0.0.0.0", "http://localhost:80"),  # noqa: S104
        ("::", "http://localhost:80"),
        ("192.0.2.1", "http://192.0.2.1:80"),
        ("2001:db8::1", "http://[2001:db8::1]:80"),
        ("nexus.local", "http://nexus.local:80"),
    ],
)
def test_the_url_is_one_a_browser_can_open(host: str, url: str) -> None:
    assert Address(host, 80).url == url
