"""Office hours: the clock in Python against hand-worked days, the clock in SQL against it."""

import datetime as dt

import duckdb
import numpy as np
import pytest

from ioc_analytics.lake.clock import create_clock
from ioc_analytics.office import office_days, working_hours


@pytest.fixture
def con():
    with duckdb.connect() as con:
        create_clock(con)
        yield con


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2024-01-08 07:30", "2024-01-08 17:00", 8.0),  # a whole Monday, lunch left out
        ("2024-01-08 06:00", "2024-01-08 23:00", 8.0),
        ("2024-01-08 11:00", "2024-01-08 13:30", 1.0),  # over lunch
        ("2024-01-05 16:00", "2024-01-08 08:30", 2.0),  # over a weekend
        ("2024-01-06 09:00", "2024-01-07 09:00", 0.0),  # within a weekend
        ("2021-09-01 16:00", "2021-09-06 08:30", 2.0),  # over the national days and a weekend
        ("2022-01-28 17:00", "2022-02-07 07:30", 0.0),  # over Tết
        ("2024-01-08 08:30", "2024-01-05 16:00", -2.0),
        ("2024-01-08 09:00", "2024-01-08 09:00", 0.0),
    ],
)
def test_hours_count_only_while_offices_are_open(con, start, end, hours):
    moments = [dt.datetime.fromisoformat(text) for text in (start, end)]
    assert working_hours(*moments) == pytest.approx(hours)
    assert con.execute("select working_hours(?, ?)", moments).fetchall() == [
        (pytest.approx(hours),)
    ]


def test_a_day_in_lieu_of_a_holiday_is_closed_and_the_next_is_open():
    assert office_days(["2022-04-11", "2022-04-12"]).tolist() == [False, True]
    assert office_days([]).tolist() == []


def test_the_clock_in_sql_equals_the_one_in_python(con, rng):
    start = np.datetime64("2020-12-20") + rng.integers(0, 90 * 86_400, 150).astype("timedelta64[s]")
    end = start + rng.integers(-20 * 86_400, 20 * 86_400, 150).astype("timedelta64[s]")
    pairs = list(zip(start.tolist(), end.tolist(), strict=True))
    in_sql = [con.execute("select working_hours(?, ?)", pair).fetchall()[0][0] for pair in pairs]
    assert in_sql == pytest.approx([working_hours(*pair) for pair in pairs])


def test_days_are_counted_after_the_first_up_to_the_last(con):
    days = "date '2021-09-01', date '2021-09-07'"  # 2 and 3 September closed, then a weekend
    assert con.sql(f"select working_days({days})").fetchall() == [(2.0,)]
    assert con.sql("select working_days(date '2021-09-07', date '2021-09-01')").fetchall() == [
        (-2,)
    ]


@pytest.mark.parametrize("day", ["null::timestamp", "timestamp '1999-12-31'", "date '2050-01-01'"])
def test_outside_the_calendar_nothing_is_known(con, day):
    assert con.sql(f"select working_hours({day}, date '2021-09-01')").fetchall() == [(None,)]
    assert con.sql(f"select working_days(date '2021-09-01', {day})").fetchall() == [(None,)]
