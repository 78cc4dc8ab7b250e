"""Does what the person set win over what the demo would like?"""

from nexus.local.address import Address
from nexus.local.environment import Addresses, complete_environment, environment_of

ADDRESSES = Addresses(
    web=Address("0.0.0.0", 8123),  # noqa: S104  an address like any other here
    database_url="postgresql+psycopg://nexus@/nexus?host=/x",
    redis_url="redis://127.0.0.1:1/0",
    simulator_url="http://127.0.0.1:2",
)


def test_what_is_missing_is_completed() -> None:
    environment = complete_environment(
        {"PATH": "/bin"}, ADDRESSES, {"SESSION_SECRET": "made up"}, {"TICK_SECONDS": "5"}
    )

    assert environment == {
        "PATH": "/bin",
        "TICK_SECONDS": "5",
        "SESSION_SECRET": "made up",
        "DATABASE_URL": ADDRESSES.database_url,
        "REDIS_URL": ADDRESSES.redis_url,
        "EXCHANGE_URL": "http://127.0.0.1:2",
        "MARKET_URL": "http://127.0.0.1:2",
        "BASE_URL": "http://localhost:8123",
        "HOST": "0.0.0.0",  # noqa: S104
        "PORT": "8123",
    }


def test_what_the_person_set_stays_and_empty_is_not_set() -> None:
    given = {"TICK_SECONDS": "30", "EXCHANGE_URL": "http://other", "MARKET_URL": "", "PORT": "1"}

    environment = complete_environment(given, ADDRESSES, {}, {"TICK_SECONDS": "5"})

    assert environment["TICK_SECONDS"] == "30"
    assert environment["EXCHANGE_URL"] == "http://other"
    assert environment["MARKET_URL"] == "http://127.0.0.1:2"
    # `--port` was already decided upon, with PORT as its default.
    assert environment["PORT"] == "8123"


def test_each_process_gets_its_own_role_and_only_workers_the_key() -> None:
    complete = {
        "DATABASE_URL": "postgresql+psycopg://nexus@/nexus?host=/data",
        "KEY_ENCRYPTION_KEY": "canary",
        "KEY_ENCRYPTION_KEYS_OLD": "canary",
        "KEY_ENCRYPTION_KEY_FILE": "canary",
        "PORT": "8000",
    }
    web = environment_of("web", complete, own_database=True)
    worker = environment_of("worker", complete, own_database=True)
    assert web == {
        "DATABASE_URL": "postgresql+psycopg://nexus_web@/nexus?host=/data",
        "PORT": "8000",
    }
    assert worker == complete | {
        "DATABASE_URL": "postgresql+psycopg://nexus_worker@/nexus?host=/data"
    }
    simulator = environment_of("simulator", complete, own_database=True)
    assert "canary" not in simulator.values()


def test_a_database_that_was_given_is_used_as_it_was_given() -> None:
    complete = {"DATABASE_URL": "postgresql+psycopg://nexus@db.example/nexus"}
    assert environment_of("web", complete, own_database=False) == complete
