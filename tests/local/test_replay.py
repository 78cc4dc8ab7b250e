"""Does `nexus replay` decide the same twice, say the truth, and leave nothing behind?"""

import json
import os
import pty
import resource
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
from psycopg import sql

from nexus.local.embedded import postgres_pid, start_postgres
from tests.databases import PostgresServer
from tests.local.conftest import home, wait_until
from tests.local.recordings import HOUR, START, lines, real, write
from tests.local.run_replay import command, environment, replay_databases, rows_of, run

KEYS = [
    "candles", "gaps", "ticks", "regimes", "decisions", "blocked", "plans", "orders", "fills",
    "duplicate_orders", "orphan_orders", "market_calls", "exchange", "wall_seconds",
]  # fmt: skip
TRACE_KEYS = [
    "candle", "strategy", "symbol", "action", "layer", "price", "regime", "verdict", "reason",
]  # fmt: skip
SECONDS_A_TICK = 0.04
"""Far more than a tick of one account needs, and far less than one that became wasteful."""


@pytest.fixture(scope="module")
def server_url(postgres: PostgresServer) -> str:
    """Give a server whose databases a replay has nothing to do with."""
    return postgres.url("postgres")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give three symbols over different stretches of time, one of them with a gap."""
    folder = tmp_path_factory.mktemp("candles")
    gapped = lines(130, start=START + 10 * HOUR, first=7)
    del gapped[50:53]
    return {
        "BTC/USDT": write(folder / "btc.csv.gz", lines(140)),
        "ETH/USDT": write(folder / "eth.csv", gapped),
        "SOL/USDT": write(folder / "sol.csv", lines(100, start=START + 30 * HOUR, first=55)),
    }


@dataclass(frozen=True)
class Twice:
    """The same replay, done two times over."""

    reports: list[dict[str, Any]]
    traces: list[bytes]


@pytest.fixture(scope="module")
def twice(
    files: dict[str, Path], server_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Twice]:
    """Replay on an exchange, twice; once per exchange for all tests here."""

    @cache
    def replayed(exchange: str) -> Twice:
        folder = tmp_path_factory.mktemp(exchange)
        options = ("--accounts=6", f"--exchange={exchange}", "--seed=3", "--json")
        traces = [folder / "first.jsonl", folder / "second.jsonl"]
        reports = [
            run(files, *options, f"--trace={path}", DATABASE_URL=server_url).report
            for path in traces
        ]
        return Twice(reports, [path.read_bytes() for path in traces])

    return replayed


def traced(trace: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in trace.splitlines()]


def table_counts(url: str) -> dict[str, int]:
    """Count the rows of every table of a database."""
    names = rows_of(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert len(names) > 20
    count = sql.SQL("SELECT count(*) FROM {}")
    return {
        name: rows_of(url, count.format(sql.Identifier(name)).as_string())[0][0]
        for (name,) in names
    }


@pytest.mark.parametrize("exchange", ["paper", "simulator"])
def test_two_runs_decide_the_same(twice: Callable[[str], Twice], exchange: str) -> None:
    first, second = twice(exchange).traces
    assert first == second != b""
    one, other = ({**report, "wall_seconds": 0} for report in twice(exchange).reports)
    assert one == other


@pytest.mark.parametrize("exchange", ["paper", "simulator"])
def test_the_report_says_what_was_done(twice: Callable[[str], Twice], exchange: str) -> None:
    report = twice(exchange).reports[0]
    assert list(report) == KEYS
    assert (report["candles"], report["gaps"], report["ticks"]) == (140 + 127 + 100, 1, 140)
    assert report["exchange"] == exchange
    assert (report["duplicate_orders"], report["orphan_orders"]) == (0, 0)
    assert set(report["orders"]) == {"FILLED"}
    assert report["plans"]["DONE"] == report["orders"]["FILLED"] > 50
    assert report["fills"] >= report["orders"]["FILLED"]
    # One call for all prices at each tick, and one for each symbol whose candle is due.
    assert 140 + report["candles"] <= report["market_calls"] <= 4 * 140


@pytest.mark.parametrize("exchange", ["paper", "simulator"])
def test_the_trace_has_a_line_per_decision(twice: Callable[[str], Twice], exchange: str) -> None:
    report, trace = twice(exchange).reports[0], traced(twice(exchange).traces[0])
    assert all(list(line) == TRACE_KEYS for line in trace)
    assert Counter(line["action"] for line in trace) == report["decisions"]
    blocked = [line["reason"] for line in trace if line["verdict"] == "blocked"]
    assert Counter(blocked) == report["blocked"] != {}
    passed = {line["action"] for line in trace if line["verdict"] == "passed"}
    assert {"enter", "add", "exit"} <= passed


def test_both_exchanges_see_the_same_decisions(twice: Callable[[str], Twice]) -> None:
    assert twice("paper").traces == twice("simulator").traces


def test_the_live_database_is_untouched(
    files: dict[str, Path], database_url: str, server_url: str
) -> None:
    before = table_counts(database_url)
    run(files, "--accounts=3", "--json", DATABASE_URL=database_url)
    assert table_counts(database_url) == before
    assert replay_databases(server_url) == []


@pytest.mark.parametrize(
    ("number", "exchange"),
    [(signal.SIGINT, "paper"), (signal.SIGINT, "simulator"), (signal.SIGTERM, "simulator")],
)
def test_told_to_stop_it_drops_its_database_and_leaves_no_process(
    server_url: str, tmp_path: Path, number: int, exchange: str
) -> None:
    files = {"BTC/USDT": write(tmp_path / "btc.csv", lines(5000))}
    trace = tmp_path / "trace.jsonl"
    options = ("--accounts=2", f"--exchange={exchange}", f"--trace={trace}", "--json")
    with subprocess.Popen(
        command(files, *options),
        env=environment(DATABASE_URL=server_url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until(lambda: trace.exists() and trace.stat().st_size > 0, 60)
        assert len(replay_databases(server_url)) == 1
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) == (exchange == "simulator")
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert err == "Stopped. The replay's database has been dropped.\n"
    assert replay_databases(server_url) == []
    assert not any(child.is_running() for child in children)


def test_without_a_given_database_it_brings_its_own_and_stops_it(files: dict[str, Path]) -> None:
    with home() as folder:
        assert run(files, "--accounts=1", "--json", f"--folder={folder}").report["ticks"] == 140
        assert postgres_pid(folder) is None


def test_it_attaches_to_the_database_of_a_running_nexus(files: dict[str, Path]) -> None:
    with home() as folder:
        folder.mkdir()
        url = start_postgres(folder)
        pid = postgres_pid(folder)
        assert run(files, "--accounts=1", "--json", f"--folder={folder}").report["ticks"] == 140
        assert postgres_pid(folder) == pid
        assert rows_of(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []
        assert replay_databases(url) == []


def test_only_a_terminal_sees_progress(files: dict[str, Path], server_url: str) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command({"BTC/USDT": files["BTC/USDT"]}, "--accounts=1"),
        env=environment(DATABASE_URL=server_url, TERM="xterm"),
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    ) as process:
        os.close(theirs)
        shown = "".join(seen_on(ours))
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Replaying" in shown
    assert "100%" in shown
    # The answer for people: one fact a line, on stdout, with no bar in it.
    facts = dict(line.strip().split("  ", 1) for line in out.splitlines())
    assert list(facts) == [key.replace("_", " ") for key in KEYS]
    assert facts["ticks"] == "140"
    assert run(files, "--accounts=1", DATABASE_URL=server_url).err == ""


def seen_on(terminal: int) -> Iterator[str]:
    """Read what a terminal shows until nobody writes to it any more."""
    with open(terminal, encoding="utf-8", newline="") as file, suppress(OSError):
        yield from file


def test_a_refusal_is_one_sentence(files: dict[str, Path], server_url: str, tmp_path: Path) -> None:
    broken = lines(3)
    broken[2] = broken[2].replace("12.5", "much")
    path = write(tmp_path / "broken.csv", broken)
    refused = run({**files, "XRP/USDT": path}, "--json", DATABASE_URL=server_url)
    assert refused.sentence == f"{path}: line 3: volume is 'much', not a positive number."

    nowhere = tmp_path / "no" / "trace.jsonl"
    refused = run(files, f"--trace={nowhere}", "--json", DATABASE_URL=server_url)
    assert refused.sentence == (
        f"--trace {nowhere}: No such file or directory. Choose another file."
    )
    refused = run(files, "--json", DATABASE_URL="postgresql://nobody@127.0.0.1:1/nexus")
    assert refused.sentence.startswith("DATABASE_URL postgresql+psycopg://nobody@127.0.0.1:1/nexus")


def test_wrong_settings_are_all_named(files: dict[str, Path], server_url: str) -> None:
    refused = run(files, TICK_SECONDS="900", LOG_LEVEL="loud", DATABASE_URL=server_url)
    assert (refused.code, refused.out) == (1, "")
    named = {line.partition(":")[0] for line in refused.err.splitlines()}
    assert named == {"LOG_LEVEL", "TICK_SECONDS"}


def test_the_crash_of_march_2020_blocks_entries_while_it_falls(
    server_url: str, tmp_path: Path
) -> None:
    files = {
        "BTC/USDT": real("BTCUSDT-1h-2018-2020.csv.gz"),
        "ETH/USDT": real("ETHUSDT-1h-2018-2020.csv.gz"),
    }
    trace = tmp_path / "trace.jsonl"
    usual = {name: "" for name in environment() if name.startswith(("MARKET", "STRAT", "REGIME"))}
    report = run(
        files, "--from=2020-03-08", "--to=2020-03-20", "--accounts=10", "--json",
        f"--trace={trace}", DATABASE_URL=server_url, **usual,
    ).report  # fmt: skip
    assert report["ticks"] == 12 * 24 + 1
    buys = [line for line in traced(trace.read_bytes()) if line["action"] in ("enter", "add")]
    falling = [b for b in buys if "2020-03-12T10:00" <= b["candle"] <= "2020-03-13T04:00"]
    assert all(line["verdict"] == "blocked" for line in falling)
    codes = {line["reason"] for line in buys if line["verdict"] == "blocked"}
    assert codes, "Nothing was blocked in the worst days of the decade."
    assert all(code == "CRASH_GUARD" or code.startswith("REGIME_") for code in codes)


def test_a_tick_costs_little(server_url: str, tmp_path: Path) -> None:
    files = {"BTC/USDT": write(tmp_path / "btc.csv", lines(600))}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(files, "--accounts=1", "--json", "--to=2024-01-03", DATABASE_URL=server_url)
    between = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(files, "--accounts=1", "--json", DATABASE_URL=server_url)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    short = between.ru_utime + between.ru_stime - before.ru_utime - before.ru_stime
    whole = after.ru_utime + after.ru_stime - between.ru_utime - between.ru_stime
    assert (whole - short) / (600 - 49) < SECONDS_A_TICK
