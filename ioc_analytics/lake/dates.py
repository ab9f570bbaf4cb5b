"""Days, months and times of day as exports write them: read day first, and never guessed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["date_reader", "local_times", "plain_times"]

_LOCAL = dt.timezone(dt.timedelta(hours=7))  # Asia/Ho_Chi_Minh, without change since 1975
_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T]00:00(?::00)?)?")
_YEAR_FIRST = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?)?")
_MONTHS = (
    re.compile(r"(?P<y>\d{4})[-/](?P<m>\d{1,2})"),
    re.compile(r"(?P<m>\d{1,2})/(?P<y>\d{4})"),
)
_DAY = r"(?P<day>\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{4}[-/]\d{1,2}[-/]\d{1,2})"
_CLOCK = (
    r"(?P<h>\d{1,2})(?:[:hg]| ?giờ ?)(?:(?P<min>\d{1,2})(?:[:m'](?P<s>\d{1,2}(?:\.\d+)?))?)?"
    r"(?:['p]| ?phút)?(?: ?(?P<half>SA|CH|AM|PM))?"
)
_TIMES = (
    re.compile(rf"{_DAY}(?:(?:T|,? +| lúc ){_CLOCK})?(?: ?(?P<zone>Z|[+-]\d\d:?\d\d))?", re.I),
    re.compile(rf"{_CLOCK},?(?: ngày)? +{_DAY}", re.I),
)
_TIME = r"(?:[ T](?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2})(?:\.0+)?)?)?$"
_PLAIN = (  # what whole columns are read by at once
    rf"^(?P<y>\d{{4}})-(?P<m>\d{{1,2}})-(?P<d>\d{{1,2}}){_TIME}",
    rf"^(?P<d>\d{{1,2}})/(?P<m>\d{{1,2}})/(?P<y>\d{{4}}){_TIME}",
)
_HALVES = re.compile(r"(?:^|\D)(?P<first>\d{1,2})[/.-](?P<second>\d{1,2})[/.-]\d{4}(?:\D|$)")


def date_reader(kind: str, cells: Sequence[Any]) -> Callable[[Any], Any]:
    """Return what reads one cell of a column of kind date, week, month or datetime.

    Parameters
    ----------
    kind : {"date", "week", "month", "datetime"}
        What the column holds. Weeks are given by their Monday, months become their first day.
    cells : sequence
        The column's distinct cells. Where one of them is a date only month first (7/31/2021), a
        date that could be either (7/5/2021) is refused.

    Returns
    -------
    callable
        Cell to date (datetime for "datetime": local time of Viet Nam, without zone); it raises
        ValueError with the reason.

    Examples
    --------
    >>> date_reader("datetime", [])("31/7/2021 8h05")
    datetime.datetime(2021, 7, 31, 8, 5)
    >>> date_reader("datetime", [])("2021-07-31T01:05:00Z")
    datetime.datetime(2021, 7, 31, 8, 5)
    >>> date_reader("date", ["7/31/2021"])("7/5/2021")
    Traceback (most recent call last):
    ValueError: may be day first or month first, for others of its column are month first; ...
    """
    if kind == "month":
        return _month
    read = _day_first if _month_first(cells) else _date
    if kind == "datetime":
        return lambda cell: _datetime(cell, read)
    return read if kind == "date" else lambda cell: _monday(read(cell))


def plain_times(cells: Sequence[Any]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """Read the cells that are plainly `2021-07-31 08:05:30` or `31/7/2021 08:05`, all at once.

    Parameters
    ----------
    cells : sequence
        Distinct cells of a column, of any type.

    Returns
    -------
    ndarray of datetime64[us]
        NaT for a cell that one must look at by itself (see `date_reader`): another form, not a
        time, missing, or day first in a column in which others are month first.

    Examples
    --------
    >>> plain_times(["2021-07-31 08:05", "1/8/2021", "30/2/2021", 7]).astype("M8[s]").tolist()[:2]
    [datetime.datetime(2021, 7, 31, 8, 5), datetime.datetime(2021, 8, 1, 0, 0)]
    """
    texts = pa.array([c if isinstance(c, str) else None for c in cells], pa.string())
    found = np.full(len(texts), np.datetime64("NaT"), dtype="M8[us]")
    forms = _PLAIN[:1] if _month_first(cells) else _PLAIN
    for form in forms:
        parts = pc.extract_regex(texts, form)
        rows = np.flatnonzero(pc.is_valid(parts).to_numpy(zero_copy_only=False))
        if len(rows):
            fields = parts.take(pa.array(rows)).flatten()
            names = [parts.type.field(i).name for i in range(parts.type.num_fields)]
            found[rows] = _moments(
                {n: _whole(f) for n, f in zip(names, fields, strict=True)},
            )
    return found


def local_times(times: pa.Array) -> pa.Array:
    """Return typed dates or times of a file as local time of Viet Nam, without zone.

    Examples
    --------
    >>> local_times(pa.array([0], pa.timestamp("s", "UTC"))).to_pylist()
    [datetime.datetime(1970, 1, 1, 7, 0)]
    """
    zoned = pa.types.is_timestamp(times.type) and times.type.tz
    plain = times.cast(pa.timestamp("us", "UTC" if zoned else None), safe=False)
    if not zoned:
        return plain
    hours = pa.scalar(_LOCAL.utcoffset(None), pa.duration("us"))
    return pc.add(plain.cast(pa.timestamp("us")), hours)


def _whole(texts: pa.Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return digits as numbers; a part that is not written is 0."""
    return pc.replace_with_mask(texts, pc.equal(texts, ""), "0").cast(pa.int64()).to_numpy()


def _moments(
    part: dict[str, np.ndarray[Any, np.dtype[np.int64]]],
) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """Return moments from their parts, NaT where there is no such day or time of day."""
    months = ((part["y"] - 1970) * 12 + part["m"] - 1).astype("M8[M]")
    days = months.astype("M8[D]") + (part["d"] - 1)
    seconds = (part["h"] * 60 + part["min"]) * 60 + part["s"]
    moments = days.astype("M8[us]") + seconds.astype("m8[s]")
    sound = (part["m"] >= 1) & (part["m"] <= 12) & (part["d"] >= 1) & (part["y"] >= 1)
    sound &= (days.astype("M8[M]") == months) & (part["h"] <= 23)
    sound &= (part["min"] <= 59) & (part["s"] <= 59)
    moments[~sound] = np.datetime64("NaT")
    return moments


def _month_first(cells: Sequence[Any]) -> bool:
    """Tell whether a column holds a date such as 7/31/2021, which is one only month first."""
    texts = pa.array([c if isinstance(c, str) else None for c in cells], pa.string())
    parts = pc.extract_regex(texts, _HALVES.pattern).drop_null()
    if not len(parts):
        return False
    first, second = (_whole(part) for part in parts.flatten())
    return bool(((first <= 12) & (second > 12) & (second <= 31)).any())


def _date(cell: Any) -> dt.date:
    if isinstance(cell, dt.datetime):
        if cell.time() != dt.time():
            raise ValueError("holds a time of day where a day is expected")
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    text = str(cell).strip()
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = map(int, match.groups())
    elif match := _DAY_FIRST.fullmatch(text):
        day, month, year = map(int, match.groups())
    else:
        raise ValueError("is not a date (2021-07-31 or 31/7/2021)")
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise ValueError("is not a day of the calendar (dates are read day first)") from None


def _day_first(cell: Any) -> dt.date:
    """Read a date of a column in which some are written month first: only what is certain."""
    match = _DAY_FIRST.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if match and int(match[1]) <= 12 and int(match[2]) <= 12 and match[1] != match[2]:
        raise ValueError(
            "may be day first or month first, for others of its column are month first; "
            "export dates as 2021-07-31"
        )
    return _date(cell)


def _monday(day: dt.date) -> dt.date:
    if day.weekday():
        raise ValueError("is not a Monday, on which a week starts")
    return day


def _month(cell: Any) -> dt.date:
    if isinstance(cell, str):
        for pattern in _MONTHS:
            if match := pattern.fullmatch(cell.strip()):
                month = int(match["m"])
                if not 1 <= month <= 12:
                    raise ValueError("is not a month of the calendar")
                return dt.date(int(match["y"]), month, 1)
    try:
        return _date(cell).replace(day=1)
    except ValueError:
        raise ValueError("is not a month (2021-07 or 7/2021)") from None


def _datetime(cell: Any, read_day: Callable[[Any], dt.date]) -> dt.datetime:
    if isinstance(cell, dt.datetime):
        return _without_zone(cell)
    if isinstance(cell, dt.date):
        return dt.datetime.combine(cell, dt.time())
    text = re.sub(r"\s+", " ", str(cell)).strip()
    match = next(filter(None, (form.fullmatch(text) for form in _TIMES)), None)
    if not match:
        raise ValueError("is not a day and time (2021-07-31 08:05 or 31/7/2021 8:05)")
    found = dt.datetime.combine(read_day(match["day"]), _clock(match))
    zone = match.groupdict().get("zone")
    if zone is None:
        return found
    offset = "+0000" if zone.upper() == "Z" else zone.replace(":", "")
    return _without_zone(found.replace(tzinfo=dt.datetime.strptime(offset, "%z").tzinfo))


def _without_zone(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo is None else moment.astimezone(_LOCAL).replace(tzinfo=None)


def _clock(match: re.Match[str]) -> dt.time:
    """Return the time of day of a match; midnight where none is written."""
    if match["h"] is None:
        return dt.time()
    hour, minute, second = int(match["h"]), int(match["min"] or 0), float(match["s"] or 0)
    if match["half"]:
        late = match["half"].upper() in ("PM", "CH")
        if hour > 12 and not late:
            raise ValueError("is not a time of day")
        hour = hour if hour > 12 else hour % 12 + 12 * late
    if hour > 23 or minute > 59 or second >= 60:
        raise ValueError("is not a time of day")
    whole = int(second)
    return dt.time(hour, minute, whole, int((second - whole) * 1_000_000))
