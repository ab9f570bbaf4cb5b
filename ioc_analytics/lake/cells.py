"""Raw cells become typed columns; a cell that cannot be read gets a reason, never a guess."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ioc_analytics.contracts import Column
from ioc_analytics.lake.readers import Raw
from ioc_analytics.lake.revisions import arrow_type
from ioc_analytics.places import find_places

__all__ = ["Cells", "parse_cells", "take_text"]

_LARGEST = 2**53  # beyond it neighbouring whole numbers cannot be told apart
_MISSING = {"", "na", "n/a", "nan", "null", "none"}
_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T]00:00(?::00)?)?")
_YEAR_FIRST = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?)?")
_MONTHS = (
    re.compile(r"(?P<y>\d{4})[-/](?P<m>\d{1,2})"),
    re.compile(r"(?P<m>\d{1,2})/(?P<y>\d{4})"),
)
# What a number says about its decimal mark; `1,234` says nothing, `1.234.567` says it is a comma.
_EVIDENCE = (
    r"[+-]?(\d+{d}\d{{1,2}}|\d+{d}\d{{4,}}|\d{{4,}}{d}\d+|0+{d}\d+"
    r"|\d{{1,3}}({g}\d{{3}})+{d}\d+|\d{{1,3}}({g}\d{{3}}){{2,}})"
)
_NUMBER = r"(?=[+-]?{d}?\d)[+-]?(\d+|\d{{1,3}}({g}\d{{3}})+)?({d}\d*)?([eE][+-]?\d+)?"
_MARKS = {".": {"d": r"\.", "g": ","}, ",": {"d": ",", "g": r"\."}}
_SAYS = {mark: re.compile(_EVIDENCE.format(**m)) for mark, m in _MARKS.items()}
_READS = {mark: re.compile(_NUMBER.format(**m)) for mark, m in _MARKS.items()}
_GROUPED = re.compile(r"[+-]?\d{1,3}[.,]\d{3}")
_SPACED = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(\D|$))")
_AMBIGUOUS = 'may mean a decimal or thousands; say --decimal "," or "."'


class Cells:
    """A typed column with the cells that could not be read.

    Attributes
    ----------
    values : pyarrow.Array
        Typed values, null where missing or unreadable.
    bad : ndarray of bool, shape (n,)
        Cells that hold something unreadable.
    reasons : dict
        Position of a bad cell -> why.
    decimal : {".", ","} or None
        Decimal mark that the column's own numbers show.
    """

    def __init__(
        self, values: pa.Array, reasons: dict[int, str], decimal: str | None = None
    ) -> None:
        self.values = values
        self.reasons = reasons
        self.decimal = decimal
        self.bad = np.zeros(len(values), dtype=bool)
        self.bad[list(reasons)] = True

    @property
    def ambiguous(self) -> bool:
        """Whether a number was refused because its mark may be decimal or group thousands."""
        return _AMBIGUOUS in self.reasons.values()


def parse_cells(
    column: Column, raw: Raw, *, level: str | None = None, decimal: str | None = None
) -> Cells:
    """Return a raw column as the contract types it.

    Parameters
    ----------
    column : Column
        The contract.
    raw : list or pyarrow.ChunkedArray
        Cells as read: text, or typed as the file has them.
    level : str, optional
        For places: the level that the header names (“Phường” means wards).
    decimal : {".", ","}, optional
        Decimal mark of numbers written as text; by default the column's own cells must tell.

    Returns
    -------
    Cells

    Notes
    -----
    Each distinct value is read once. Empty cells and NA, N/A, NaN, null, None are missing.
    Dates: ISO, or day first (`31/7/2021`). Numbers: `1.234,5` and `1,234.5` by the evidence of the
    column; where there is none, `1,234` and `1.234` are refused in a column of decimals and are
    thousands in a column of counts.

    Examples
    --------
    >>> cells = parse_cells(Column("cases", "integer", "Ca"), ["1.234", "n/a", "7", "many"])
    >>> cells.values.to_pylist(), cells.reasons
    ([1234, None, 7, None], {3: 'is not a number'})
    """
    target = arrow_type(column)
    if column.kind in ("integer", "number") and isinstance(raw, pa.ChunkedArray) and not decimal:
        fast = _plain_numbers(raw.combine_chunks(), target)
        if fast is not None:
            return fast
    distinct, codes = _distinct(raw)
    mark = decimal or _decimal_mark(distinct)
    read = _reader(column, distinct, level, mark)
    values: list[Any] = []
    wrong: dict[int, str] = {}
    for position, cell in enumerate(distinct):
        try:
            values.append(None if _is_missing(cell) else read(cell))
        except ValueError as error:
            values.append(None)
            wrong[position] = str(error)
    typed = pa.array(values, type=target).take(pa.array(codes))
    bad = np.flatnonzero(np.isin(codes, list(wrong))) if wrong else ()
    return Cells(typed, {int(i): wrong[int(codes[i])] for i in bad}, mark)


def take_text(raw: Raw, index: int) -> str:
    """Return one raw cell as text, for a report."""
    cell = raw[index].as_py() if isinstance(raw, pa.ChunkedArray) else raw[index]
    text = "" if cell is None else str(cell)
    return text if len(text) <= 200 else text[:199] + "…"


def _is_missing(cell: Any) -> bool:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return True
    return isinstance(cell, str) and cell.strip().casefold() in _MISSING


def _plain_numbers(raw: pa.Array, target: pa.DataType) -> Cells | None:
    """Return a column that is plain numbers throughout, cast in one step; None when it is not."""
    typed = pa.types.is_integer(raw.type) or pa.types.is_floating(raw.type)
    if not typed and not pa.types.is_string(raw.type):
        return None
    text = raw if typed else pc.replace_with_mask(raw, pc.equal(raw, ""), pa.scalar(None, raw.type))
    try:
        numbers = text.cast(target)
    except pa.ArrowInvalid:
        return None
    if typed:
        sure, mark = True, None
    elif pa.types.is_floating(target):
        sure, mark = _sure_of_points(text)
    else:  # the cast would read 0x10 as 16
        sure, mark = not any(pc.any(pc.match_substring(text, x)).as_py() for x in "xX"), None
    if pa.types.is_floating(target) and pc.any(pc.invert(pc.is_finite(numbers))).as_py():
        sure = False
    return Cells(numbers, {}, mark) if sure else None


def _sure_of_points(text: pa.Array) -> tuple[bool, str | None]:
    """Tell whether the points in a column of plain numbers are decimal marks for sure."""
    if not pc.any(pc.match_substring(text, ".")).as_py():
        return True, None
    if any(_SAYS["."].fullmatch(t or "") for t in text[:1000].to_pylist()):
        return True, "."
    says = pc.match_substring_regex(text, f"^(?:{_SAYS['.'].pattern})$")
    return bool(pc.any(says).as_py()), "."


def _distinct(raw: Raw) -> tuple[list[Any], np.ndarray[Any, Any]]:
    if isinstance(raw, pa.ChunkedArray) and not pa.types.is_nested(raw.type):
        encoded = raw.combine_chunks().dictionary_encode(null_encoding="encode")
        return encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    raw = raw.to_pylist() if isinstance(raw, pa.ChunkedArray) else raw
    seen: dict[Any, int] = {}
    distinct: list[Any] = []
    codes = np.empty(len(raw), dtype=np.int64)
    for position, cell in enumerate(raw):
        key = (type(cell), repr(cell)) if isinstance(cell, dict | list) else (type(cell), cell)
        codes[position] = seen.setdefault(key, len(distinct))
        if codes[position] == len(distinct):
            distinct.append(cell)
    return distinct, codes


def _reader(
    column: Column, distinct: list[Any], level: str | None, mark: str | None
) -> Callable[[Any], Any]:
    if column.kind in ("integer", "number"):
        return lambda cell: _number(cell, mark, whole=column.kind == "integer")
    if column.kind == "place":
        return lambda cell: _place(cell, level)
    if column.kind in ("date", "week"):
        read = _day_first if _month_first(distinct) else _date
        return read if column.kind == "date" else lambda cell: _monday(read(cell))
    return {"month": _month, "text": _text, "geometry": _geometry}[column.kind]


def _text(cell: Any) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", str(cell))).strip()


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


def _month_first(distinct: list[Any]) -> bool:
    """Tell whether a column holds a date such as 7/31/2021, which is one only month first."""
    found = (_DAY_FIRST.fullmatch(c.strip()) for c in distinct if isinstance(c, str))
    return any(m and int(m[1]) <= 12 < int(m[2]) <= 31 for m in found)


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


def _decimal_mark(distinct: list[Any]) -> str | None:
    """Return the decimal mark that a column's numbers show; None when none or both do."""
    texts = [_SPACED.sub("", c.strip()) for c in distinct if isinstance(c, str)]
    shown = [mark for mark, says in _SAYS.items() if any(map(says.fullmatch, texts))]
    return shown[0] if len(shown) == 1 else None


def _number(cell: Any, mark: str | None, whole: bool) -> float | int:
    if isinstance(cell, str):
        value = float(_as_number_text(_SPACED.sub("", cell.strip()), mark, whole))
    elif isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        value = float(cell)
    else:
        raise ValueError("is not a number")
    if not math.isfinite(value):
        raise ValueError("is not a finite number")
    if not whole:
        return value
    if not value.is_integer():
        raise ValueError("is not a whole number")
    if abs(value) > _LARGEST:
        raise ValueError("is too large for a count")
    return int(value)


def _as_number_text(text: str, mark: str | None, whole: bool) -> str:
    """Return a number as Python writes it, by its column's decimal mark or else its own."""
    if mark is None:
        mark = next((m for m, says in _SAYS.items() if says.fullmatch(text)), None)
    if mark is None and _GROUPED.fullmatch(text):
        if not whole:
            raise ValueError(_AMBIGUOUS)
        mark = "," if "." in text else "."  # a count is never 1.234 ones: thousands
    mark = mark or "."
    if not _READS[mark].fullmatch(text):
        other = f" with “{mark}” as its decimal mark" if set(text) & set(".,") else ""
        raise ValueError(f"is not a number{other}")
    return text.replace("." if mark == "," else ",", "").replace(",", ".")


def _place(cell: Any, level: str | None) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)  # a code that a system kept as a number
    found = find_places(re.sub(r"^(\d+)\.0$", r"\1", _text(cell)), level)
    if len(found) == 1:
        return found[0].code
    if found:
        units = ", ".join(f"{p.code} ({p.level})" for p in found)
        raise ValueError(f"is ambiguous: {units}; use the code")
    raise ValueError(f"is not a known {level or 'place'}")


def _geometry(cell: Any) -> bytes:
    import shapely
    import shapely.geometry

    try:
        if isinstance(cell, bytes):
            shape = shapely.from_wkb(cell)
        elif isinstance(cell, dict):
            shape = shapely.geometry.shape(cell)
        else:
            shape = shapely.from_wkt(str(cell))
    except Exception as error:  # shapely raises many kinds for one fact
        raise ValueError(f"is not a geometry ({str(error).splitlines()[0]})") from error
    if shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise ValueError("is not a polygon")
    if not shape.is_valid:
        raise ValueError(f"is not a valid polygon ({shapely.is_valid_reason(shape)})")
    west, south, east, north = shape.bounds
    if not (102 <= west <= east <= 118 and 8 <= south <= north <= 24):
        raise ValueError("lies outside Viet Nam (longitude, latitude in WGS84 are expected)")
    return bytes(shapely.to_wkb(shape))
