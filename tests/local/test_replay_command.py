"""Does a mistake on the command line of `nexus replay` get one sentence that says what to do?"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nexus.local import replay_command
from nexus.local.replay import Options
from tests.local.recordings import START, lines, write


def answer(*options: str) -> Result:
    """Give the command these options; none of these tests gets as far as a database."""
    return CliRunner().invoke(replay_command.replay_command, options)


@pytest.mark.parametrize("symbol", ["BTCUSDT", "btc/usdt", "BTC/", "/USDT", "BTC/USDT/X", ""])
def test_a_symbol_is_written_with_its_slash(symbol: str) -> None:
    said = answer(f"--candles={symbol}=x.csv", "--timeframe=1h")
    assert (said.exit_code, said.stdout) == (1, "")
    assert said.stderr == f"--candles {symbol}=x.csv: write it as BTC/USDT=FILE.\n"


def test_a_file_must_be_named() -> None:
    for given in ("BTC/USDT", "BTC/USDT="):
        said = answer(f"--candles={given}", "--timeframe=1h")
        assert said.stderr == f"--candles {given}: write it as BTC/USDT=FILE.\n"


def test_a_symbol_is_given_once() -> None:
    said = answer("--candles=BTC/USDT=a", "--candles=BTC/USDT=b", "--timeframe=1h")
    assert said.exit_code == 1
    assert "BTC/USDT is given twice. Give each symbol once." in said.stderr


def test_there_are_at_most_twenty_symbols() -> None:
    many = [f"--candles=A{number}/USDT=x" for number in range(21)]
    assert answer(*many, "--timeframe=1h").stderr == "--candles: give at most 20 symbols.\n"


@pytest.mark.parametrize("option", ["--from", "--to"])
@pytest.mark.parametrize(
    "moment", ["yesterday", "2020-13-01", "12.03.2020", "", "0001-01-01T00:00+05:00"]
)
def test_a_moment_is_written_in_iso(option: str, moment: str) -> None:
    said = answer("--candles=BTC/USDT=x", "--timeframe=1h", f"{option}={moment}")
    assert said.exit_code == 1
    assert said.stderr.startswith(f"{option} {moment}: write a date or moment like 2020-03-12")


def test_from_lies_before_to(tmp_path: Path) -> None:
    path = write(tmp_path / "btc.csv", lines(5))
    said = answer(
        f"--candles=BTC/USDT={path}", "--timeframe=1h", "--from=2024-01-02", "--to=2024-01-01"
    )
    assert said.exit_code == 1
    assert said.stderr == "--from lies after --to: exchange the two.\n"


@pytest.mark.parametrize(
    "wrong",
    [
        ["--timeframe=7h"],
        ["--timeframe=1h", "--accounts=0"],
        ["--timeframe=1h", "--exchange=kraken"],
        ["--timeframe=1h", "--seed=x"],
        [],
    ],
)
def test_what_is_not_offered_is_refused_with_what_is(wrong: list[str]) -> None:
    said = answer("--candles=BTC/USDT=x", *wrong)
    assert said.exit_code == 2
    assert "Error: " in said.stderr


def test_options_arrive_as_they_were_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Options] = []

    async def pretend(options: Options) -> tuple[dict[str, Any], list[str]]:
        asked.append(options)
        return {"ticks": 3, "blocked": {}, "orders": {"FILLED": 2}}, []

    monkeypatch.setattr(replay_command, "replay_files", pretend)
    said = answer(
        "--candles=BTC/USDT=some=file.csv", "--timeframe=5m", "--from=2020-03-12",
        "--to=2020-03-12T12:00+02:00", "--trace=t.jsonl", "--folder=home",
    )  # fmt: skip
    assert said.exit_code == 0
    assert said.stdout.split() == ["ticks", "3", "blocked", "none", "orders", "FILLED", "2"]
    assert asked == [
        Options(
            files={"BTC/USDT": Path("some=file.csv")},
            timeframe="5m",
            accounts=100,
            first=datetime(2020, 3, 12, tzinfo=UTC),
            last=datetime(2020, 3, 12, 10, tzinfo=UTC),
            exchange="paper",
            seed=1,
            trace=Path("t.jsonl"),
            folder=Path("home"),
        )
    ]


def test_books_that_disagree_are_said_and_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    async def pretend(_: Options) -> tuple[dict[str, Any], list[str]]:
        return {"fills": 1}, ["nx-1: venue, ledger and fills disagree"]

    monkeypatch.setattr(replay_command, "replay_files", pretend)
    said = answer("--candles=BTC/USDT=x", "--timeframe=1h", "--json")
    assert (said.exit_code, said.stdout) == (1, '{"fills": 1}\n')
    assert said.stderr == "The books disagree: nx-1: venue, ledger and fills disagree\n"


def test_the_trace_never_overwrites_the_candles(tmp_path: Path) -> None:
    path = write(tmp_path / "btc.csv", lines(5))
    before = path.read_bytes()
    link = tmp_path / "link.csv"
    link.symlink_to(path)
    for trace in (path, link):
        said = answer(f"--candles=BTC/USDT={path}", "--timeframe=1h", f"--trace={trace}")
        assert said.exit_code == 1
        assert said.stderr == (
            f"--trace {trace}: its candles are read from there. Choose another file.\n"
        )
    assert path.read_bytes() == before


def test_an_empty_file_and_a_crooked_line_are_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert "the file is empty" in answer(f"--candles=BTC/USDT={empty}", "--timeframe=1h").stderr
    rows = lines(5)
    rows[3] += ",9"
    path = write(tmp_path / "crooked.csv", rows)
    said = answer(f"--candles=BTC/USDT={path}", "--timeframe=1h").stderr
    assert "line 4: it has more fields than the first line." in said


def test_blank_lines_count_as_lines(tmp_path: Path) -> None:
    header, first, *_ = lines(5)
    path = write(
        tmp_path / "blank.csv", [header, "", "", first.replace(str(START), str(START + 1))]
    )
    said = answer(f"--candles=BTC/USDT={path}", "--timeframe=1h").stderr
    assert said.startswith(f"{path}: line 4: ")
