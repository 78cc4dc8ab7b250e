"""Is a recorded file read exactly, and a broken one refused with its line?"""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from nexus.simulator.errors import SimulatorError
from nexus.simulator.market import ReplayedMarket
from nexus.simulator.replay import read_market
from nexus.simulator.server import SimulatorOptions
from tests.simulator.conftest import HOUR, MARCH, Start

HEADER = "open_time_ms,open,high,low,close,volume\n"
GOOD = f"{MARCH},8000.00,8100.00,7900.00,8050.00,12.5\n"
SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "candles"


def test_the_symbol_comes_from_the_name_or_from_before_the_file(recorded: Path) -> None:
    assert read_market(str(recorded))[0].symbol == "BTCUSDT"
    assert read_market(f"ETHUSDT={recorded}")[0].symbol == "ETHUSDT"
    assert read_market(f"ETH/USDT={recorded}")[0].base == "ETH"


def test_prices_are_kept_exactly_and_the_interval_is_found(recorded: Path) -> None:
    rules, series = read_market(str(recorded))
    assert series.base == HOUR
    assert [rules.tick * int(close) for close in series.rows["close"]] == [
        Decimal("8050.00"),
        Decimal("7100.00"),
        Decimal("7250.00"),
    ]


def test_a_compressed_file_reads_the_same(recorded: Path, tmp_path: Path) -> None:
    packed = tmp_path / "BTCUSDT.csv.gz"
    packed.write_bytes(gzip.compress(recorded.read_bytes()))
    assert (
        read_market(str(packed))[1].rows.tobytes() == read_market(str(recorded))[1].rows.tobytes()
    )


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("", 1, "missing"),
        ("open_time_ms,open,high,low,close\n", 1, "volume"),
        (HEADER, 2, "no candles"),
        (HEADER + GOOD + f"{MARCH + HOUR},abc,8100,7900,8050,1\n", 3, "open"),
        (HEADER + GOOD + f"{MARCH + HOUR},8000,NaN,7900,8050,1\n", 3, "high"),
        (HEADER + GOOD + f"{MARCH + HOUR},8000,8100,-1,8050,1\n", 3, "low"),
        (HEADER + GOOD + f"{MARCH + HOUR},8000,8100,7900,Infinity,1\n", 3, "close"),
        (HEADER + GOOD + f"{MARCH + HOUR},8000,8100\n", 3, "low"),
        (HEADER + GOOD + f"yesterday{GOOD}", 3, "open_time_ms"),
        (HEADER + GOOD + f"{MARCH + HOUR},8000,7999,7900,8050,1\n", 3, "enclose"),
        (HEADER + GOOD + GOOD, 3, "backwards"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, word: str
) -> None:
    path = tmp_path / "BTCUSDT.csv"
    path.write_text(text)
    with pytest.raises(SimulatorError) as refused:
        read_market(str(path))
    assert f"line {line}:" in str(refused.value)
    assert word in str(refused.value)


def test_a_file_that_is_not_there_or_not_packed_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SimulatorError, match="cannot be read"):
        read_market(str(tmp_path / "BTCUSDT.csv"))
    broken = tmp_path / "BTCUSDT.csv.gz"
    broken.write_text(HEADER)
    with pytest.raises(SimulatorError, match="cannot be read"):
        read_market(str(broken))


def test_one_symbol_has_one_file(recorded: Path) -> None:
    with pytest.raises(SimulatorError, match="more than one file"):
        ReplayedMarket([str(recorded), f"BTCUSDT={recorded}"])


@pytest.mark.parametrize("steps", [(0, 7_000), (0, 60_000, 90_000)])
def test_candles_at_odd_distances_are_refused(tmp_path: Path, steps: tuple[int, ...]) -> None:
    path = tmp_path / "BTCUSDT.csv"
    path.write_text(HEADER + "".join(GOOD.replace(str(MARCH), str(MARCH + at)) for at in steps))
    with pytest.raises(SimulatorError, match="apart"):
        read_market(str(path))


async def test_the_price_at_a_candles_close_time_is_its_close(start: Start, recorded: Path) -> None:
    client = await start(SimulatorOptions(replay=(str(recorded),), manual_clock=True))
    for hours, price in ((1, "8050"), (2, "7100"), (4, "7250")):
        for late in (-1, 0):
            answer = await client.control(
                "POST", "/simulator/clock", {"now": MARCH + hours * HOUR + late}
            )
            assert answer.json["prices"] == {"BTCUSDT": f"{price}.00000000"}


async def test_klines_of_a_replay_are_the_files_candles(start: Start, recorded: Path) -> None:
    client = await start(SimulatorOptions(replay=(str(recorded),), manual_clock=True))
    await client.control("POST", "/simulator/clock", {"now": MARCH + 3 * HOUR + HOUR // 2})
    klines = (await client.get("/api/v3/klines", symbol="BTCUSDT", interval="1h")).json
    assert [row[0] for row in klines] == [MARCH, MARCH + HOUR, MARCH + 3 * HOUR]
    assert klines[1][1:6] == [
        "8051.00000000",
        "8060.00000000",
        "7000.00000000",
        "7100.00000000",
        "90.00000000",
    ]
    # The third is still open: half its time has passed.
    assert klines[2][6] == MARCH + 4 * HOUR - 1
    assert klines[2][5] == "20.00000000"


async def test_a_replay_runs_at_its_speed_on_real_time(start: Start, recorded: Path) -> None:
    client = await start(SimulatorOptions(replay=(str(recorded),), speed=1e9))
    while (state := (await client.control("GET", "/simulator/state")).json)["market_now"] < (
        MARCH + 4 * HOUR
    ):
        pass
    assert state["prices"] == {"BTCUSDT": "7250.00000000"}
    assert state["now"] > MARCH + 365 * 24 * HOUR


async def test_the_crash_of_march_2020_is_played(start: Start) -> None:
    path = SHARED / "BTCUSDT-1h-2018-2020.csv.gz"
    if not path.exists():
        pytest.skip("the recorded candles are not here")
    client = await start(SimulatorOptions(replay=(str(path),), manual_clock=True))
    prices = []
    for hours in (0, 24):
        answer = await client.control("POST", "/simulator/clock", {"now": MARCH + hours * HOUR})
        prices.append(Decimal(answer.json["prices"]["BTCUSDT"]))
    assert prices == [Decimal("7934.52"), Decimal("4800.00")]
