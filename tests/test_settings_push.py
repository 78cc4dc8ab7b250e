"""Is a push key that is not one refused before anything starts, with its name?"""

import pytest

from nexus.notices.vapid import make_key
from nexus.settings import SettingsError, load_settings

KEY = make_key()


def refusal(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    return str(refused.value)


@pytest.mark.parametrize(
    "key",
    ["short", KEY[:-2], KEY + "AA", "!" * 43, "A" * 43],
    ids=["short", "cut", "long", "no base64", "zero"],
)
def test_a_key_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    told = refusal(monkeypatch, VAPID_PRIVATE_KEY=key, PUSH_CONTACT="mailto:ops@example.com")
    assert told.startswith("VAPID_PRIVATE_KEY:")
    assert "nexus push-key" in told
    assert key not in told


@pytest.mark.parametrize(
    ("key", "contact"),
    [(KEY, ""), ("", "mailto:ops@example.com"), (KEY, "ops@example.com")],
    ids=["key alone", "contact alone", "no contact"],
)
def test_key_and_contact_come_together(
    monkeypatch: pytest.MonkeyPatch, key: str, contact: str
) -> None:
    assert "PUSH_CONTACT:" in refusal(monkeypatch, VAPID_PRIVATE_KEY=key, PUSH_CONTACT=contact)


@pytest.mark.parametrize("hosts", ["https://push.example.com", "push.example.com:443", "a..b", "*"])
def test_hosts_are_names(monkeypatch: pytest.MonkeyPatch, hosts: str) -> None:
    assert "PUSH_HOSTS:" in refusal(monkeypatch, PUSH_HOSTS=hosts)
