"""Is a file of candles read whole or refused with its line, and is the right stretch replayed?"""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nexus.local.errors import LocalError
from nexus.local.history import History, read_history
from nexus.simulator.errors import SimulatorError
from tests.local.recordings import HEADER, HOUR, START, lines, write

OPENS = datetime.fromtimestamp(START / 1000, UTC)
HOURS = timedelta(hours=1)
ROW = f"{START},1,2,1,2,5"


def read(
    path: Path,
    timeframe: str = "1h",
    *,
    first: datetime | None = None,
    last: datetime | None = None,
) -> History:
    return read_history({"BTC/USDT": path}, timeframe, first, last)


def later(row: str, hours: int) -> str:
    time, _, rest = row.partition(",")
    return f"{int(time) + hours * HOUR},{rest}"


MALFORMED = {
    "a column is missing": (["open_time_ms,open,high,low,close", ROW], "line 1: the column volume"),
    "text in a number": ([HEADER, ROW, f"{START + HOUR},1,2,1,two,5"], "line 3: close is 'two'"),
    "not a number": ([HEADER, f"{START},NaN,2,1,2,5"], "line 2: open is 'NaN'"),
    "endless": ([HEADER, f"{START},1,Infinity,1,2,5"], "line 2: high is 'Infinity'"),
    "negative": ([HEADER, ROW, f"{START + HOUR},1,2,-1,2,5"], "line 3: low is '-1'"),
    "zero": ([HEADER, f"{START},0,2,0,2,5"], "line 2: open is '0'"),
    "too few values": ([HEADER, f"{START},1,2"], "line 2: low is ''"),
    "backwards": ([HEADER, later(ROW, 1), ROW], "line 3: time goes backwards"),
    "twice": ([HEADER, ROW, ROW], "line 3: time goes backwards or stands still"),
    "not a time": ([HEADER, "2024-01-01,1,2,1,2,5"], "line 2: open_time_ms is '2024-01-01'"),
    "microseconds": ([HEADER, f"{START}000,1,2,1,2,5"], "line 2: open_time_ms"),
    "too late a time": ([HEADER, "999999999999999,1,2,1,2,5"], "line 2: open_time_ms"),
    "high below low": ([HEADER, f"{START},5,4,6,5,5"], "line 2: high and low"),
    "only a header": ([HEADER], "line 2: the file has no candles"),
    "off the hour": ([HEADER, ROW, f"{START + HOUR // 2},1,2,1,2,5"], "line 3: "),
}


@pytest.mark.parametrize(("rows", "said"), MALFORMED.values(), ids=MALFORMED.keys())
@pytest.mark.parametrize("name", ["candles.csv", "candles.csv.gz"])
def test_a_malformed_file_is_refused_with_its_line(
    tmp_path: Path, rows: list[str], said: str, name: str
) -> None:
    path = write(tmp_path / name, rows)
    with pytest.raises((LocalError, SimulatorError)) as refused:
        read(path)
    assert str(refused.value).startswith(f"{path}: {said}")
    assert "\n" not in str(refused.value)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.touch()
    with pytest.raises(SimulatorError, match="line 1: the file is empty"):
        read(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.csv"):
        with pytest.raises(SimulatorError, match="the file cannot be read"):
            read(path)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress("\n".join(lines(5000)).encode())
    damaged = bytearray(whole)
    damaged[len(whole) // 2 : len(whole) // 2 + 64] = bytes(64)
    for number, content in enumerate((whole[: len(whole) // 2], bytes(damaged), b"plain text")):
        path = tmp_path / f"{number}.csv.gz"
        path.write_bytes(content)
        with pytest.raises(SimulatorError) as refused:
            read(path)
        assert str(refused.value).startswith(f"{path}: ")


@pytest.mark.parametrize("timeframe", ["1m", "5m", "30m", "2h", "1d"])
def test_the_wrong_timeframe_is_refused(tmp_path: Path, timeframe: str) -> None:
    path = write(tmp_path / "hours.csv", lines(50))
    with pytest.raises(LocalError, match=f"Is --timeframe {timeframe} right"):
        read(path, timeframe)


def test_without_limits_the_whole_of_all_files_is_replayed(tmp_path: Path) -> None:
    btc = write(tmp_path / "btc.csv", lines(10))
    eth = write(tmp_path / "eth.csv", lines(10, start=START + 4 * HOUR))
    history = read_history({"BTC/USDT": btc, "ETH/USDT": eth}, "1h", None, None)
    assert history.moments == [OPENS + HOURS * number for number in range(1, 15)]
    assert (history.count(), history.gaps()) == (20, 0)


def test_limits_are_both_included_and_earlier_candles_only_warm_up(tmp_path: Path) -> None:
    path = write(tmp_path / "btc.csv", lines(10))
    history = read(path, first=OPENS + 3 * HOURS, last=OPENS + 6 * HOURS)
    assert history.moments == [OPENS + HOURS * number for number in (4, 5, 6, 7)]
    assert history.count() == 4
    assert len(history.candles["BTC/USDT"]) == 10


def test_a_limit_between_two_candles_means_those_inside(tmp_path: Path) -> None:
    path = write(tmp_path / "btc.csv", lines(10))
    half = timedelta(minutes=30)
    history = read(path, first=OPENS + 2 * HOURS + half, last=OPENS + 4 * HOURS + half)
    assert history.moments == [OPENS + 4 * HOURS, OPENS + 5 * HOURS]


def test_limits_far_outside_mean_the_whole_file(tmp_path: Path) -> None:
    path = write(tmp_path / "btc.csv", lines(10))
    far = datetime(9999, 12, 31, tzinfo=UTC)
    assert len(read(path, first=datetime(1, 1, 1, tzinfo=UTC), last=far).moments) == 10


def test_limits_without_a_candle_between_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "btc.csv", lines(10))
    with pytest.raises(LocalError, match=r"the files go from 2024-01-01T00:00:00\+00:00 to"):
        read(path, first=OPENS + 10 * HOURS)
    with pytest.raises(LocalError, match="There is no candle"):
        read(path, last=OPENS - HOURS)
    with pytest.raises(LocalError, match="--from lies after --to"):
        read(path, first=OPENS + 5 * HOURS, last=OPENS + 4 * HOURS)


def test_gaps_are_counted_within_what_is_replayed(tmp_path: Path) -> None:
    rows = lines(20)
    del rows[15:17], rows[5:6]
    path = write(tmp_path / "btc.csv", rows)
    history = read(path)
    assert (history.count(), history.gaps(), len(history.moments)) == (17, 2, 20)
    assert read(path, first=OPENS + 6 * HOURS).gaps() == 1
