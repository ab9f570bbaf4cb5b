"""The offices' clock inside SQL: working hours and days between two moments."""

from __future__ import annotations

import datetime as dt
from functools import cache

import duckdb
import numpy as np

from ioc_analytics.office import OFFICE_HOURS, office_days

__all__ = ["create_clock"]

_FIRST, _LAST = dt.date(2000, 1, 1), dt.date(2049, 12, 31)


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
    days_before, opens = _days()
    con.execute("set variable office_days_before = ?", [days_before])
    con.execute("set variable office_opens = ?", [opens])
    index = f"date_diff('day', date '{_FIRST}', cast(t as date)) + 1"
    since = "epoch(cast(t as timestamp) - cast(cast(t as date) as timestamp)) / 3600.0"
    today = " + ".join(
        f"greatest(0, least({end - start}, {since} - {start}))" for start, end in OFFICE_HOURS
    )
    a_day = sum(end - start for start, end in OFFICE_HOURS)
    con.execute(
        f"""
        create macro _office_days(t) as
          list_extract(getvariable('office_days_before'), {index})
          + list_extract(getvariable('office_opens'), {index});
        create macro _office_hours(t) as
          {a_day} * list_extract(getvariable('office_days_before'), {index})
          + list_extract(getvariable('office_opens'), {index}) * ({today});
        create macro working_hours(a, b) as _office_hours(b) - _office_hours(a);
        create macro working_days(a, b) as _office_days(b) - _office_days(a);
        """
    )


@cache
def _days() -> tuple[list[float], list[float]]:
    """Return for each day how many office days lie before it, and whether it is one."""
    days = np.arange(str(_FIRST), str(_LAST), dtype="datetime64[D]")
    opens = office_days(days).astype(float)
    return (np.cumsum(opens) - opens).tolist(), opens.tolist()
