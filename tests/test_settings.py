"""Are all mistakes in the environment told at once, plainly, and without a secret?"""

import base64
import os
from collections import Counter
from decimal import Decimal
from ipaddress import ip_network

import pytest
from pydantic import SecretStr

from nexus.settings import Group, Settings, SettingsError, load_settings

KEY = base64.b64encode(bytes(32)).decode()


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no variable of the machine be seen."""
    for name in list(os.environ):
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    return monkeypatch


def load(env: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        env.setenv(name, value)
    return load_settings()


def mistakes(env: pytest.MonkeyPatch, **variables: str) -> list[str]:
    """Load settings that cannot be loaded; give the message, line by line."""
    with pytest.raises(SettingsError) as caught:
        load(env, **variables)
    return str(caught.value).splitlines()


# -------------------------------------------------------------------------------------- reading
def test_an_empty_environment_is_fine(env: pytest.MonkeyPatch) -> None:
    settings = load(env)
    assert settings.symbols == ("BTC/USDT", "ETH/USDT")
    assert (settings.timeframe, settings.timeframe_seconds) == ("1h", 3600)
    assert settings.gate_entry_regimes == ("bullish",)


def test_an_empty_variable_counts_as_none(env: pytest.MonkeyPatch) -> None:
    assert load(env, SYMBOLS="", TICK_SECONDS="", BASE_URL="") == load_settings()


def test_settings_do_not_change(env: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(env).tick_seconds = 5


def test_lists_are_read_as_people_write_them(env: pytest.MonkeyPatch) -> None:
    settings = load(
        env,
        SYMBOLS=" BTC/USDT ,SOL/USDC,, ",
        GATE_ENTRY_REGIMES="bullish, sideways",
        PYRAMID_FRACTIONS="0.5,0.25, .25",
        STRATEGIES="a.b:c, d:e",
        TRUSTED_PROXIES="10.0.0.0/8,2001:db8::/32",
    )
    assert settings.symbols == ("BTC/USDT", "SOL/USDC")
    assert settings.gate_entry_regimes == ("bullish", "sideways")
    assert settings.pyramid_fractions == (Decimal("0.5"), Decimal("0.25"), Decimal("0.25"))
    assert settings.strategies == ("a.b:c", "d:e")
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))


def test_no_regime_at_all_may_be_allowed(env: pytest.MonkeyPatch) -> None:
    assert load(env, GATE_ENTRY_REGIMES=",").gate_entry_regimes == ()


def test_money_is_exact(env: pytest.MonkeyPatch) -> None:
    assert load(env, PAPER_FEE_BPS="0.1").paper_fee_bps == Decimal("0.1")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("postgres://me:pw@db/nexus", "postgresql+psycopg://me:pw@db/nexus"),
        ("postgresql://me:pw@db/nexus", "postgresql+psycopg://me:pw@db/nexus"),
        ("postgresql+psycopg:///nexus?host=/run", "postgresql+psycopg:///nexus?host=/run"),
    ],
)
def test_any_spelling_of_postgres_is_understood(
    env: pytest.MonkeyPatch, given: str, meant: str
) -> None:
    assert load(env, DATABASE_URL=given).database_url == meant


@pytest.mark.parametrize("url", ["redis://h:1/0", "rediss://h", "unix:///run/redis.sock"])
def test_any_redis_is_understood(env: pytest.MonkeyPatch, url: str) -> None:
    assert load(env, REDIS_URL=url).redis_url == url


def test_the_base_address_has_no_slash_at_its_end(env: pytest.MonkeyPatch) -> None:
    assert load(env, BASE_URL="https://nexus.example/").base_url == "https://nexus.example"


@pytest.mark.parametrize(
    ("timeframe", "seconds"), [("1s", 1), ("5m", 300), ("4h", 14_400), ("1d", 86_400)]
)
def test_a_timeframe_has_a_length(env: pytest.MonkeyPatch, timeframe: str, seconds: int) -> None:
    assert load(env, TIMEFRAME=timeframe).timeframe_seconds == seconds


def test_keys_of_the_right_length_are_taken(env: pytest.MonkeyPatch) -> None:
    settings = load(env, SESSION_SECRET="s" * 32, KEY_ENCRYPTION_KEY=KEY)
    assert settings.session_secret.get_secret_value() == "s" * 32
    assert settings.key_encryption_key.get_secret_value() == KEY


# ------------------------------------------------------------------------------------- mistakes
def test_every_mistake_is_told_at_once(env: pytest.MonkeyPatch) -> None:
    found = mistakes(
        env,
        ENVIRONMENT="staging",
        TICK_SECONDS="1",
        SYMBOLS="btc/usdt",
        PORT="eighty",
        GATE_ALLOWS_EXITS="perhaps",
    )
    assert sorted(line.partition(":")[0] for line in found) == [
        "ENVIRONMENT",
        "GATE_ALLOWS_EXITS",
        "PORT",
        "SYMBOLS",
        "TICK_SECONDS",
    ]


@pytest.mark.parametrize(
    ("name", "given", "allowed"),
    [
        ("ENVIRONMENT", "staging", "'development', 'test' or 'production'"),
        ("TICK_SECONDS", "4", "greater than or equal to 5"),
        ("TICK_SECONDS", "31", "less than or equal to 30"),
        ("TIMEFRAME", "2m", "must be one of 1s, 1m, 3m, 5m, 15m"),
        ("SYMBOLS", "BTCUSDT", "'BTCUSDT' is not a symbol; write BTC/USDT,ETH/USDT"),
        ("SYMBOLS", "btc/usdt", "'btc/usdt' is not a symbol"),
        ("SYMBOLS", "BTC/USDT/X", "is not a symbol"),
        ("SYMBOLS", "BTC/", "is not a symbol"),
        ("SYMBOLS", "BTC/USDT,BTC/USDT", "1 to 20 different symbols"),
        ("SYMBOLS", ",", "1 to 20 different symbols"),
        ("SYMBOLS", ",".join(f"C{n}/USDT" for n in range(21)), "1 to 20 different symbols"),
        ("STRATEGIES", "nexus.strategy.trend", "module:factory"),
        ("STRATEGIES", "a:b:c", "module:factory"),
        ("STRATEGIES", ",", "at least one strategy"),
        ("PYRAMID_FRACTIONS", "0.5,0.6", "add up to 1 at most"),
        ("PYRAMID_FRACTIONS", "0.5,0", "above 0"),
        ("PYRAMID_FRACTIONS", "1,-0.5", "above 0"),
        ("PYRAMID_FRACTIONS", ",", "shares above 0"),
        ("PYRAMID_FRACTIONS", "NaN", "finite number"),
        ("GATE_ENTRY_REGIMES", "bullish,unknown", "unknown is always blocked"),
        ("REGIME_CRASH_DROP_PERCENT", "0", "greater than 0"),
        ("REGIME_CRASH_DROP_PERCENT", "Infinity", "finite number"),
        ("SLIPPAGE_CAP_BPS", "-1", "greater than or equal to 0"),
        ("SLIPPAGE_CAP_BPS", "lots", "must be a number from 0 to 10000"),
        ("DATABASE_URL", "mysql://db/nexus", "must start with postgresql://"),
        ("REDIS_URL", "http://h", "must start with redis://, rediss:// or unix://"),
        ("BASE_URL", "nexus.example", "must start with http:// or https://"),
        ("TRUSTED_PROXIES", "10.0.0.1/8,nowhere", "must be networks like 10.0.0.0/8"),
        ("SESSION_SECRET", "short", "at least 32 characters"),
        ("KEY_ENCRYPTION_KEY", "bm90IDMyIGJ5dGVz", "32 bytes in base64"),
        ("KEY_ENCRYPTION_KEY", "***", "32 bytes in base64"),
    ],
)
def test_a_mistake_names_the_variable_and_what_is_allowed(
    env: pytest.MonkeyPatch, name: str, given: str, allowed: str
) -> None:
    for line in mistakes(env, **{name: given}):
        assert line.startswith(f"{name}: ")
        assert "; given: " in line
    assert any(allowed in line for line in mistakes(env, **{name: given}))


@pytest.mark.parametrize(
    ("name", "given", "shown"),
    [
        ("TICK_SECONDS", "4", "given: '4'"),
        ("TIMEFRAME", "2m", "given: '2m'"),
        ("SYMBOLS", "btc/usdt", "given: 'btc/usdt'"),
        ("BASE_URL", "nexus.example", "given: 'nexus.example'"),
    ],
)
def test_a_mistake_shows_what_was_given(
    env: pytest.MonkeyPatch, name: str, given: str, shown: str
) -> None:
    (line,) = mistakes(env, **{name: given})
    assert line.endswith(shown)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("SESSION_SECRET", "canary"),
        ("KEY_ENCRYPTION_KEY", "canary"),
        ("DATABASE_URL", "mysql://me:canary@db/nexus"),
        ("DATABASE_URL", "mysql://me:canary/with@signs@db/nexus"),
        ("DATABASE_URL", "me:canary@db"),
        ("REDIS_URL", "http://:canary@h:6379"),
    ],
)
def test_a_mistake_never_shows_a_secret(env: pytest.MonkeyPatch, name: str, given: str) -> None:
    (line,) = mistakes(env, **{name: given})
    assert line.startswith(f"{name}: ")
    assert "canary" not in line


def test_the_rest_of_an_address_is_shown(env: pytest.MonkeyPatch) -> None:
    (line,) = mistakes(env, DATABASE_URL="mysql://me:canary@db.example/nexus")
    assert line.endswith("given: 'mysql://***@db.example/nexus'")


def test_secrets_are_not_printed(env: pytest.MonkeyPatch) -> None:
    settings = load(env, SESSION_SECRET="canary" * 8, KEY_ENCRYPTION_KEY=KEY)
    assert "canary" not in repr(settings)
    assert KEY not in str(settings.model_dump())
    secret = {name for name, info in Settings.model_fields.items() if info.annotation is SecretStr}
    assert secret == {
        "demo_password", "session_secret", "key_encryption_key",
        "key_encryption_keys_old",
        "google_client_secret", "oidc_client_secret", "vapid_private_key",
    }  # fmt: skip


# ------------------------------------------------------------------- numbers that belong together
@pytest.mark.parametrize("prefix", ["STRATEGY", "REGIME"])
def test_the_slow_average_is_slower(env: pytest.MonkeyPatch, prefix: str) -> None:
    (line,) = mistakes(env, **{f"{prefix}_FAST": "60", f"{prefix}_SLOW": "60"})
    assert line == f"{prefix}_SLOW: must be greater than {prefix}_FAST (60); given: '60'"


def test_no_group_overrides_anothers_check() -> None:
    """All groups become one class, in which two checks of one name would be one check."""
    groups = [g for g in Settings.__mro__ if issubclass(g, Group) and g.__bases__ == (Group,)]
    checks = Counter(
        name for group in groups for name in group.__pydantic_decorators__.field_validators
    )
    assert len(checks) > 5
    assert [name for name, count in checks.items() if count > 1] == []


def test_a_mistake_is_told_once_where_it_was_made(env: pytest.MonkeyPatch) -> None:
    (line,) = mistakes(env, STRATEGY_FAST="x", STRATEGY_SLOW="10")
    assert line.startswith("STRATEGY_FAST: ")


@pytest.mark.parametrize(
    ("variables", "needed"),
    [
        ({"REGIME_SLOW": "300"}, 301),
        ({"REGIME_SLOW": "300", "REGIME_DWELL_CANDLES": "5"}, 304),
        ({"STRATEGY_SLOW": "300"}, 301),
        ({"STRATEGY_ATR": "200"}, 201),
        ({"REGIME_ADX": "100", "REGIME_FAST": "5", "REGIME_SLOW": "10"}, 201),
    ],
)
def test_the_history_is_long_enough_for_the_averages(
    env: pytest.MonkeyPatch, variables: dict[str, str], needed: int
) -> None:
    history = {"MARKET_HISTORY_CANDLES": str(needed - 1)}
    (line,) = mistakes(env, **variables, **history)
    expected = f"MARKET_HISTORY_CANDLES: must be at least {needed}, which the averages in use need"
    assert line == f"{expected}; given: '{needed - 1}'"
    assert load(env, MARKET_HISTORY_CANDLES=str(needed)).market_history_candles == needed
