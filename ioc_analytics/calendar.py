"""Days and periods: Vietnamese holidays, moving Tết, ISO weeks, period ends, measures of 2021.

Dates go in as ``datetime.date``, ISO text or numpy ``datetime64``; vectors come out as
``datetime64[D]``. Frequencies are ``"D"`` days, ``"W"`` weeks (ending on any one weekday),
``"M"`` calendar months and ``"Q"`` calendar quarters; a period is named by its last day.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ioc_analytics.errors import ContractError

__all__ = [
    "INTERVENTIONS_2021",
    "holiday_shares",
    "infer_freq",
    "period_ends",
    "public_holidays",
    "tet_day",
    "week_end",
    "week_start",
]

_Days = NDArray[np.datetime64]
_MONTHS = {"M": 1, "Q": 3}
_STEP_DAYS = {"D": 1, "W": 7}
_LONGEST_DAYS = {"D": 1, "W": 7, "M": 31, "Q": 92}
_TET_NAME = "Tết Nguyên Đán"
_SOLAR_NEW_YEAR = "Tết Dương lịch"
_TET_WINDOW = 14  # days before day 1 and after the break, docs: DOMAIN D.1
_MONDAY_OFFSET = 3  # day 0 of numpy's calendar, 1970-01-01, was a Thursday
_MIN_SHARE_OF_STEPS = 0.5  # at least half of the gaps are one period long
_WEEKLY_RUN = 3  # so many gaps of exactly a week in a row are not missing days


class _Intervention(NamedTuple):
    """A dated public measure; `end` None = not recorded; `verified` = a source states its start.

    An end may be the day before the measure that followed.
    """

    name_vi: str
    name_en: str
    start: dt.date
    end: dt.date | None
    verified: bool


def _measure(name_vi: str, name_en: str, start: str, end: str, verified: bool) -> _Intervention:
    """One intervention from ISO dates; an empty end is unknown."""
    last = dt.date.fromisoformat(end) if end else None
    return _Intervention(name_vi, name_en, dt.date.fromisoformat(start), last, verified)


INTERVENTIONS_2021: tuple[_Intervention, ...] = tuple(
    _measure(*row)
    for row in (
        ("Đợt dịch thứ tư bắt đầu", "Fourth wave begins", "2021-04-27", "", True),
        ("Chỉ thị 15 toàn thành phố", "Directive 15, whole city", "2021-05-31", "2021-07-08", True),
        ("Tiêm chủng diện rộng", "Mass vaccination campaign", "2021-06-19", "", False),
        ("Chỉ thị 10 của thành phố", "City directive 10", "2021-06-20", "2021-07-08", False),
        ("Chỉ thị 16, 15 ngày đầu", "Directive 16, first term", "2021-07-09", "2021-07-23", True),
        ("Phong tỏa Linh Trung, Tam Bình", "Two wards locked down", "2021-07-18", "", True),
        ("Chỉ thị 16 tiếp tục", "Directive 16 goes on", "2021-07-24", "2021-08-01", False),
        ("Hạn chế ra đường 18-06 giờ", "Curfew 18:00-06:00", "2021-07-26", "", True),
        ("Chỉ thị 16 thêm 14 ngày", "Directive 16, 14 more days", "2021-08-02", "2021-08-15", True),
        ("Chỉ thị 16 đến 15/9", "Directive 16 to 15 September", "2021-08-16", "2021-09-15", True),
        ("Ai ở đâu ở yên đó", "Everyone stays where they are", "2021-08-23", "", True),
        ("Chỉ thị 16 đến 30/9", "Directive 16 to 30 September", "2021-09-16", "2021-09-30", True),
        ("Mở cửa, giai đoạn 1", "Reopening, phase 1", "2021-10-01", "2021-10-31", True),
        ("Tiêm chủng trẻ 12-17 tuổi", "Vaccination of ages 12-17", "2021-10-27", "", True),
        ("Mở cửa, giai đoạn 2", "Reopening, phase 2", "2021-11-01", "2022-01-15", True),
    )
)
"""Measures in Hồ Chí Minh City in 2021 by start; each has ``name_vi``, ``name_en``, ``start``,
``end`` (None = not recorded) and ``verified`` (True = a source states the start; False = from
memory, check before use)."""


def public_holidays(year: int, language: str = "vi") -> dict[dt.date, str]:
    """Public holidays of Việt Nam in a year, days off in lieu included.

    Parameters
    ----------
    year : int
        Calendar year, 1901 to 2099.
    language : {"vi", "en_US"}
        Language of the names.

    Returns
    -------
    dict of datetime.date to str
        In order of date. Years not yet announced follow the usual rule.

    Examples
    --------
    >>> public_holidays(2022)[dt.date(2022, 4, 11)]
    'Ngày Giỗ Tổ Hùng Vương (nghỉ bù)'
    """
    return dict(_listed(year, language))


def tet_day(year: int) -> dt.date:
    """First day of the lunar new year (mùng một Tết) that falls in a calendar year.

    Parameters
    ----------
    year : int
        Calendar year, 1901 to 2099.

    Returns
    -------
    datetime.date
        Between 20 January and 21 February.

    Raises
    ------
    ContractError
        If the year lies outside the range of the lunar tables.

    Examples
    --------
    >>> tet_day(2021).isoformat()
    '2021-02-12'
    """
    days = [
        day
        for day, names in _listed(year)
        if any(name.strip() == _TET_NAME for name in names.split(";"))
    ]
    return days[0]


def holiday_shares(period_end: ArrayLike, freq: str) -> NDArray[np.float64]:
    """Share of each period that lies before, in and after the Tết break, or on another holiday.

    ``pre`` is the 14 days before day 1 (without days of the break), ``during`` the state break as
    listed (it may begin before day 1), ``post`` the 14 days after the break, ``other`` the public
    holidays besides Tết. Tết moves by up to a month between years: model its windows, not its date.

    Parameters
    ----------
    period_end : array_like of dates, shape (n,)
        Last days of the periods.
    freq : {"D", "W", "M", "Q"}
        Length of the periods.

    Returns
    -------
    numpy.ndarray, shape (n, 4)
        Columns pre, during, post, other: days of that kind / days of the period, 0 to 1.

    Examples
    --------
    Tết 2021 was on 12 February, its break 10 to 16 February:

    >>> holiday_shares(["2021-02-09", "2021-02-12", "2021-02-17"], "D")[:, :3].tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    >>> holiday_shares(["2021-02-14", "2021-09-05"], "W").round(3).tolist()
    [[0.286, 0.714, 0.0, 0.0], [0.0, 0.0, 0.0, 0.286]]
    """
    last = _days(period_end)
    first = _period_start(last, _require_freq(freq))
    days = np.zeros((last.size, 4))
    if last.size == 0:
        return days
    for year in range(_year(first.min()), _year(last.max()) + 1):
        for column, begin, end in _windows(year):
            overlap = np.minimum(last, end) - np.maximum(first, begin)
            days[:, column] += np.maximum(overlap.astype(int) + 1, 0)
    return np.asarray(days / ((last - first).astype(int) + 1)[:, np.newaxis])


def week_start(day: ArrayLike) -> Any:
    """Monday of the ISO week that holds each day.

    Parameters
    ----------
    day : date-like or array_like of dates
        One day or many; missing (NaT) stays missing.

    Returns
    -------
    datetime.date or numpy.ndarray of datetime64[D]
        A date for one day, an array of the same shape for many.

    Examples
    --------
    >>> week_start(dt.date(2021, 10, 23)).isoformat()
    '2021-10-18'
    """
    days = np.asarray(day, dtype="datetime64[D]")
    weekday = (days - np.datetime64(0, "D") + _MONDAY_OFFSET) % np.timedelta64(7, "D")
    return _like(day, days - weekday)


def week_end(day: ArrayLike) -> Any:
    """Sunday of the ISO week that holds each day.

    Parameters
    ----------
    day : date-like or array_like of dates
        One day or many; missing (NaT) stays missing.

    Returns
    -------
    datetime.date or numpy.ndarray of datetime64[D]
        A date for one day, an array of the same shape for many.

    Examples
    --------
    >>> week_end("2021-10-23").isoformat()
    '2021-10-24'
    """
    monday = np.asarray(week_start(day), dtype="datetime64[D]")
    return _like(day, monday + np.timedelta64(6, "D"))


def period_ends(last: ArrayLike, freq: str, n: int) -> _Days:
    """Last days of the `n` periods that follow a period.

    Parameters
    ----------
    last : date-like
        Last day of the known period (months and quarters: any day of it).
    freq : {"D", "W", "M", "Q"}
        Length of a period; weeks keep the weekday of `last`.
    n : int
        How many periods, at least 0.

    Returns
    -------
    numpy.ndarray of datetime64[D], shape (n,)
        In order of time.

    Raises
    ------
    ContractError
        If the frequency is unknown.

    Examples
    --------
    >>> period_ends("2021-11-30", "M", 3).astype(str).tolist()
    ['2021-12-31', '2022-01-31', '2022-02-28']
    """
    day, step = _days(last)[0], np.arange(1, n + 1)
    if _require_freq(freq) in _STEP_DAYS:
        return np.asarray(day + step * _STEP_DAYS[freq])
    period = day.astype("datetime64[M]").astype(int) // _MONTHS[freq] + step
    after = ((period + 1) * _MONTHS[freq]).astype("datetime64[M]")
    return np.asarray(after.astype("datetime64[D]") - 1)


def infer_freq(dates: ArrayLike) -> str:
    """Frequency of period ends, some of which may be missing.

    Quarter ends give ``"Q"``, month ends ``"M"``, one weekday all along ``"W"``, else days ``"D"``;
    at least half of the gaps must be one period long.

    Parameters
    ----------
    dates : array_like of dates, shape (n,)
        Period ends in any order; repeated dates count once.

    Returns
    -------
    str
        ``"D"``, ``"W"``, ``"M"`` or ``"Q"``.

    Raises
    ------
    ContractError
        If there are fewer than two dates, if days and weeks are mixed, if months carry their first
        day instead of their last, or if no frequency fits.

    Examples
    --------
    >>> infer_freq(["2021-10-03", "2021-10-10", "2021-10-24"])
    'W'
    """
    days = np.unique(_days(dates))
    if days.size < 2:
        raise ContractError("a frequency needs at least two different dates")
    gaps = np.diff(days).astype(int)
    freq = next((freq for freq in ("Q", "M") if _is_end(days, freq).all()), "")
    if not freq:
        freq = "W" if np.all(gaps % _STEP_DAYS["W"] == 0) else "D"
    _require_regular(days, gaps, freq)
    return freq


def _require_regular(days: _Days, gaps: NDArray[np.int64], freq: str) -> None:
    """Refuse dates that are mostly not one period apart, saying what they look like."""
    where = f"between {days[0]} and {days[-1]}"
    if freq != "W" and np.all(days == days.astype("datetime64[M]").astype("datetime64[D]")):
        raise ContractError(
            f"months {where} are labelled by their first day; label each by its last day"
        )
    weekly = np.convolve(gaps == _STEP_DAYS["W"], np.ones(_WEEKLY_RUN, dtype=int), "valid")
    if freq == "D" and np.any(weekly == _WEEKLY_RUN) and np.any(gaps == 1):
        raise ContractError(f"dates {where} mix days and weeks; keep one frequency per target")
    if np.mean(gaps <= _LONGEST_DAYS[freq]) < _MIN_SHARE_OF_STEPS:
        common = np.bincount(gaps).argmax()
        raise ContractError(
            f"dates {where} are irregular (most common gap {common} days); "
            "use days, weeks ending on one weekday, month ends or quarter ends"
        )


def _is_end(days: _Days, freq: str) -> NDArray[np.bool_]:
    """Whether each day is the last of a month or quarter."""
    month = days.astype("datetime64[M]")
    is_month_end = (month + 1).astype("datetime64[D]") - 1 == days
    return np.asarray(is_month_end & ((month.astype(int) + 1) % _MONTHS[freq] == 0))


def _period_start(last: _Days, freq: str) -> _Days:
    """First day of the period that ends on each day."""
    if freq in _STEP_DAYS:
        return np.asarray(last - (_STEP_DAYS[freq] - 1))
    month = last.astype("datetime64[M]") - (_MONTHS[freq] - 1)
    return np.asarray(month.astype("datetime64[D]"))


@lru_cache(maxsize=256)
def _windows(year: int) -> tuple[tuple[int, np.datetime64, np.datetime64], ...]:
    """Column, first and last day of the Tết windows and of each other holiday of a year."""
    days = {day: "Tết" in name and _SOLAR_NEW_YEAR not in name for day, name in _listed(year)}
    tet = [np.datetime64(day, "D") for day, is_tet in days.items() if is_tet]
    other = [np.datetime64(day, "D") for day, is_tet in days.items() if not is_tet]
    one = np.datetime64(tet_day(year), "D")
    return (
        (0, one - _TET_WINDOW, min(tet) - 1),
        (1, min(tet), max(tet)),
        (2, max(tet) + 1, max(tet) + _TET_WINDOW),
        *((3, day, day) for day in other),
    )


@lru_cache(maxsize=512)
def _listed(year: int, language: str = "vi") -> tuple[tuple[dt.date, str], ...]:
    """Holidays of a year in order of date, kept so that the library is asked once."""
    from holidays import country_holidays  # slow to import, wanted by few callers

    found = country_holidays("VN", years=year, language=language)
    if not found:
        raise ContractError(f"no Vietnamese holidays are known for the year {year}")
    return tuple(sorted(found.items()))


def _require_freq(freq: str) -> str:
    """Refuse a frequency that is not D, W, M or Q."""
    if freq not in _STEP_DAYS and freq not in _MONTHS:
        raise ContractError(f"unknown frequency {freq!r}; use 'D', 'W', 'M' or 'Q'")
    return freq


def _days(dates: ArrayLike) -> _Days:
    """Dates as a vector of days."""
    return np.atleast_1d(np.asarray(dates, dtype="datetime64[D]"))


def _year(day: np.datetime64) -> int:
    """Calendar year of a day."""
    return int(day.astype("datetime64[Y]").astype(int)) + 1970


def _like(given: ArrayLike, days: Any) -> Any:
    """Turn an array back into a date when one day was given."""
    return days if np.ndim(given) else days.item()
