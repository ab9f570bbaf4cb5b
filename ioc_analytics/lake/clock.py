"""The offices' clock inside SQL: working hours and days between two moments."""

from __future__ import annotations

import datetime as dt
from functools import cache

import duckdb
import numpy as np

from ioc_analytics.office import OFFICE_HOURS, office_days

__all__ = ["create_clock"]

_FIRST, _LAST = dt.date(2000, 1, 1), dt.date(2049, 12, 31)
_BEFORE = (_FIRST - dt.date(1970, 1, 1)).days - 1  # days of the epoch before list position 1
_DAY = 86_400_000_000  # microseconds


def create_clock(con: duckdb.DuckDBPyConnection) -> None:
    """Give a connection the macros `working_hours(a, b)` and `working_days(a, b)`.

    `working_hours` counts office hours between two timestamps, `working_days` office days after
    the day of a up to and including that of b; both are negative where b comes first and null
    outside 2000 to 2049 or where a or b is. See `office.working_hours`, which they equal.

    Examples
    --------
    >>> con = duckdb.connect()
    >>> create_clock(con)
    >>> friday, monday = "timestamp '2024-01-05 16:00'", "timestamp '2024-01-08 08:30'"
    >>> both = f"working_hours({friday}, {monday}), working_days({friday}, {monday})"
    >>> con.sql(f"select {both}").fetchall()
    [(2.0, 1.0)]
    """
    con.execute("set variable office_days = ?", [_days()])
    hours = " + ".join(
        f"greatest(0, least({end - start}, hour - {start}))" for start, end in OFFICE_HOURS
    )
    a_day = sum(end - start for start, end in OFFICE_HOURS)
    con.execute(
        f"""
        create macro _microseconds(t) as epoch_us(cast(t as timestamp));
        create macro _office_day(t) as getvariable('office_days')[
          greatest(_microseconds(t) // {_DAY} - {_BEFORE}, 0)];
        create macro _hour(t) as (_microseconds(t) % {_DAY}) / {_DAY / 24};
        create macro _office_hours(day, hour) as {a_day} * (day // 2) + (day % 2) * ({hours});
        create macro working_hours(a, b) as
          _office_hours(_office_day(b), _hour(b)) - _office_hours(_office_day(a), _hour(a));
        create macro working_days(a, b) as
          cast((_office_day(b) + 1) // 2 - (_office_day(a) + 1) // 2 as double);
        """
    )


@cache
def _days() -> list[int]:
    """Return for each day twice the number of office days before it, plus 1 if it is one.

    One number a day instead of two: looking it up is what takes the time.
    """
    days = np.arange(str(_FIRST), str(_LAST), dtype="datetime64[D]")
    opens = office_days(days).astype(int)
    return (2 * (np.cumsum(opens) - opens) + opens).tolist()
