"""Are accounts added up without inventing a rise, a fall or a stroke?"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from nexus.core.clock import SetClock, now, use
from nexus.portfolio.equity import Fall, Life, Moment, Point, falls, pieces, together
from nexus.portfolio.equity_line import HEIGHT, MOST_POINTS, MOST_ROWS, WIDTH, line_of
from nexus.portfolio.record_equity import EVERY
from tests.scenes import AT

ALIVE = Life(AT, ended=False)


def points(account: int, *results: int, begin: int = 0) -> list[Point]:
    """Give an account's points, a quarter apart; 1,000 came with the account."""
    return [
        Point(account, AT + EVERY * (begin + number), Decimal(1000 + result), Decimal(result))
        for number, result in enumerate(results)
    ]


def line(*results: int) -> list[Moment]:
    return together(points(1, *results), {1: ALIVE})


def whole(moments: Sequence[Moment]) -> list[tuple[int, int]]:
    return [(int(moment.equity), int(moment.result)) for moment in moments]


def test_accounts_are_added_up() -> None:
    moments = together(points(1, 0, 5) + points(2, 0, -2), {1: ALIVE, 2: ALIVE})
    assert whole(moments) == [(2000, 0), (2003, 3)]


def test_a_moment_at_which_one_is_not_known_is_left_out() -> None:
    holey = [point for point in points(2, 0, 0, 0) if point.at != AT + EVERY]
    moments = together(points(1, 0, 5, 6) + holey, {1: ALIVE, 2: ALIVE})
    assert [m.at for m in moments] == [AT, AT + 2 * EVERY]


def test_another_account_is_no_gain() -> None:
    late = Life(AT + EVERY, ended=False)
    moments = together(points(1, 0, 5) + points(2, 70, begin=1), {1: ALIVE, 2: late})
    assert whole(moments) == [(1000, 0), (2075, 5)]


def test_an_account_that_was_removed_is_no_loss() -> None:
    lives = {1: ALIVE, 2: Life(AT, ended=True)}
    moments = together(points(1, 0, 0, 1) + points(2, 0, 9), lives)
    assert whole(moments) == [(2000, 0), (2009, 9), (1001, 10)]
    assert falls(moments)[1] == Fall()


def test_falls_are_from_the_highest_point() -> None:
    at_present, worst = falls(line(0, 100, 40, 90, 80))
    assert (int(at_present.amount), int(worst.amount)) == (20, 60)
    assert worst.of == 1100
    assert falls([]) == (Fall(), Fall())
    assert Fall().percent is None


@given(st.lists(st.integers(-900, 900), min_size=1))
def test_no_fall_is_deeper_than_the_worst(results: list[int]) -> None:
    at_present, worst = falls(line(*results))
    deepest = max(max(results[: n + 1]) - result for n, result in enumerate(results))
    assert worst.amount == deepest
    assert 0 <= at_present.amount <= deepest


def drawn(moments: Sequence[Moment]) -> list[tuple[Decimal, Decimal]]:
    made = line_of(moments, "USDT")
    assert made
    pairs = [pair.split(",") for stroke in made.strokes for pair in stroke.split()]
    return [(Decimal(x), Decimal(y)) for x, y in pairs]


def test_nothing_is_drawn_over_a_gap() -> None:
    with use(SetClock(AT + EVERY * 10)):
        moments = [one for one in line(*range(10)) if not AT + EVERY < one.at < AT + EVERY * 6]
        assert [len(piece) for piece in pieces(moments)] == [2, 4]
        made = line_of(moments, "USDT")
        assert made
        assert len(made.strokes) == 2


def test_points_further_apart_because_they_are_old_are_no_gap() -> None:
    with use(SetClock(AT + timedelta(days=30))):
        moments = [Moment(AT + timedelta(hours=4) * n, Decimal(1), Decimal(1)) for n in range(20)]
        assert len(pieces(moments)) == 1


def test_a_line_fills_its_field_and_stays_small() -> None:
    with use(SetClock(AT + EVERY * 3000)):
        places = drawn(line(*[number % 700 for number in range(3000)]))
    assert len(places) <= MOST_POINTS
    assert min(x for x, _ in places) == 0
    assert max(x for x, _ in places) == WIDTH
    assert all(0 <= y <= HEIGHT for _, y in places)


def test_a_flat_line_lies_in_the_middle() -> None:
    with use(SetClock(AT + EVERY)):
        assert {y for _, y in drawn(line(0, 0, 0))} == {Decimal(HEIGHT) / 2}


def test_one_point_is_no_line() -> None:
    assert line_of(line(0), "USDT") is None
    assert line_of([], "USDT") is None


def test_the_table_is_short_and_holds_both_ends() -> None:
    with use(SetClock(AT + EVERY * 100)):
        moments = line(*range(100))
        made = line_of(moments, "USDT")
    assert made
    assert len(made.rows) == MOST_ROWS
    assert (made.rows[0], made.rows[-1]) == (moments[-1], moments[0])
    assert made.gained == 99
    assert now() > made.last.at
