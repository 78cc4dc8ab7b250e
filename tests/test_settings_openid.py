"""Is an issuer configured as a whole, or not at all, and is its address one to trust?"""

import os

import pytest

from nexus.settings import Settings, SettingsError, load_settings

GOOGLE = {"GOOGLE_CLIENT_ID": "id", "GOOGLE_CLIENT_SECRET": "canary"}
ONE_MORE = {
    "OIDC_ISSUER": "https://id.example.com/",
    "OIDC_NAME": "Example Co.",
    "OIDC_CLIENT_ID": "id",
    "OIDC_CLIENT_SECRET": "canary",
}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)


def load(env: pytest.MonkeyPatch, variables: dict[str, str]) -> Settings:
    for name, value in variables.items():
        env.setenv(name, value)
    return load_settings()


def test_both_may_be_configured_and_neither_must(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (load_settings().google_client_id, load_settings().oidc_issuer) == ("", "")
    settings = load(monkeypatch, GOOGLE | ONE_MORE)
    assert settings.google_issuer == "https://accounts.google.com"
    assert settings.oidc_issuer == "https://id.example.com/", "a slash is a part of the name"


@pytest.mark.parametrize("whole", [GOOGLE, ONE_MORE], ids=["google", "oidc"])
def test_half_of_it_is_a_mistake_that_names_the_other_half(
    monkeypatch: pytest.MonkeyPatch, whole: dict[str, str]
) -> None:
    for left_out in whole:
        with monkeypatch.context() as env, pytest.raises(SettingsError) as refused:
            load(env, {name: value for name, value in whole.items() if name != left_out})
        (line,) = str(refused.value).splitlines()
        assert f"or none; missing: {left_out};" in line
        assert "canary" not in line


@pytest.mark.parametrize(
    "address",
    [
        "accounts.google.com",
        "http://accounts.google.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "https://",
        "https://me:canary@id.example.com",
        "https://id.example.com?a=b",
        "https://id.example.com#x",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_could_be_anybodys_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    for name, whole in (("GOOGLE_ISSUER", GOOGLE), ("OIDC_ISSUER", ONE_MORE)):
        with monkeypatch.context() as env, pytest.raises(SettingsError) as refused:
            load(env, {**whole, name: address})
        assert str(refused.value).startswith(f"{name}: must be an https:// address")


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9"])
def test_this_machine_needs_no_https(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert load(monkeypatch, {**ONE_MORE, "OIDC_ISSUER": address}).oidc_issuer == address


def test_a_name_fits_a_button(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="OIDC_NAME: must have at most 30 letters"):
        load(monkeypatch, {**ONE_MORE, "OIDC_NAME": "x" * 31})
