"""When offices are open: the hours and days on which a file can be worked on."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ioc_analytics.calendar import public_holidays

__all__ = ["OFFICE_HOURS", "office_days", "working_hours"]

OFFICE_HOURS = ((7.5, 11.5), (13.0, 17.0))  # hours of the day, Monday to Friday


def office_days(days: ArrayLike) -> NDArray[np.bool_]:
    """Tell on which days offices are open: Monday to Friday without public holidays.

    Working Saturdays that are swapped for a day off are not known to the calendar; such a day off
    counts as a holiday, its Saturday does not count as worked.

    Parameters
    ----------
    days : array_like of dates
        Any shape.

    Returns
    -------
    ndarray of bool, same shape

    Examples
    --------
    >>> office_days(["2021-09-01", "2021-09-02", "2021-09-04"])  # 2 September is a holiday
    array([ True, False, False])
    """
    days = np.asarray(days, dtype="datetime64[D]")
    if not days.size:
        return np.zeros(days.shape, dtype=bool)
    first, last = (int(str(d)[:4]) for d in (days.min(), days.max()))
    closed = [day for year in range(first, last + 1) for day in public_holidays(year)]
    return np.asarray(np.is_busday(days, holidays=np.array(closed, dtype="datetime64[D]")))


def working_hours(start: dt.datetime, end: dt.datetime) -> float:
    """Return the office hours between two moments; negative where `end` comes first.

    Parameters
    ----------
    start, end : datetime
        Local time.

    Returns
    -------
    float
        Hours: eight for a whole office day.

    Examples
    --------
    >>> working_hours(dt.datetime(2024, 1, 5, 16), dt.datetime(2024, 1, 8, 8, 30))  # Friday, Monday
    2.0
    """
    if end < start:
        return -working_hours(end, start)
    days = np.arange(str(start.date()), str(end.date() + dt.timedelta(1)), dtype="datetime64[D]")
    total = 0.0
    for day in days[office_days(days)].tolist():
        midnight = dt.datetime.combine(day, dt.time())
        for opens, closes in OFFICE_HOURS:
            begin = max(start, midnight + dt.timedelta(hours=opens))
            finish = min(end, midnight + dt.timedelta(hours=closes))
            total += max(_hours(finish - begin), 0.0)
    return total


def _hours(span: dt.timedelta) -> Any:
    return span / dt.timedelta(hours=1)
