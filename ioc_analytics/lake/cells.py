"""Raw cells become typed columns; a cell that cannot be read gets a reason, never a guess."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ioc_analytics.contracts import Column
from ioc_analytics.lake.readers import Raw
from ioc_analytics.lake.store import arrow_type
from ioc_analytics.sectors.geography import find_places

__all__ = ["Cells", "parse_cells", "take_text"]

_MISSING = {"", "na", "n/a", "nan", "null", "none"}
_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T]00:00(?::00)?)?")
_YEAR_FIRST = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?)?")
_MONTHS = (re.compile(r"(?P<y>\d{4})[-/](?P<m>\d{1,2})"), re.compile(r"(?P<m>\d{1,2})/(?P<y>\d{4})"))
_COMMA_DECIMAL = re.compile(r"[+-]?(\d+,\d{1,2}|\d+,\d{4,}|\d{1,3}(\.\d{3})+,\d+|0+,\d+)")
_DOT_DECIMAL = re.compile(r"[+-]?(\d+\.\d{1,2}|\d+\.\d{4,}|\d{1,3}(,\d{3})+\.\d+|0+\.\d+)")
_GROUPED = re.compile(r"[+-]?\d{1,3}([.,\u00a0 ]\d{3})+")


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
    """

    def __init__(self, values: pa.Array, reasons: dict[int, str]) -> None:
        self.values = values
        self.reasons = reasons
        self.bad = np.zeros(len(values), dtype=bool)
        self.bad[list(reasons)] = True


def parse_cells(
    column: Column, raw: Raw, *, level: str | None = None, decimal: str | None = None
) -> Cells:
    """Return a raw column as the contract types it.

    Parameters
    ----------
    column : Column
        The contract.
    raw : list or pyarrow.ChunkedArray of text
        Cells as read.
    level : str, optional
        For places: the level that the header names (“Phường” means wards).
    decimal : {".", ","}, optional
        Decimal mark of numbers written as text; by default the column's own cells must tell.

    Notes
    -----
    Each distinct value is read once. Empty cells and NA, N/A, NaN, null, None are missing.
    Dates: ISO, or day first (`31/7/2021`). Numbers: `1.234,5` and `1,234.5` by the evidence of the
    column; `1,234` alone is ambiguous in a column of decimals and refused.
    """
    target = arrow_type(column)
    if column.kind in ("integer", "number") and isinstance(raw, pa.ChunkedArray):
        fast = _plain_numbers(raw, target)
        if fast is not None:
            return Cells(fast, {})
    distinct, codes = _distinct(raw)
    read = _reader(column, distinct, level, decimal)
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
    return Cells(typed, {int(i): wrong[int(codes[i])] for i in bad})


def take_text(raw: Raw, index: int) -> str:
    """Return one raw cell as text, for a report."""
    cell = raw[index].as_py() if isinstance(raw, pa.ChunkedArray) else raw[index]
    text = "" if cell is None else str(cell)
    return text if len(text) <= 200 else text[:199] + "…"


def _is_missing(cell: Any) -> bool:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return True
    return isinstance(cell, str) and cell.strip().casefold() in _MISSING


def _plain_numbers(raw: pa.ChunkedArray, target: pa.DataType) -> pa.Array | None:
    """Return text that is plain numbers throughout, cast in one step; None when it is not."""
    text = raw.combine_chunks()
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    try:
        numbers = text.cast(target)
    except pa.ArrowInvalid:
        return None
    if pa.types.is_floating(target) and pc.any(pc.invert(pc.is_finite(numbers))).as_py():
        return None
    return numbers


def _distinct(raw: Raw) -> tuple[list[Any], np.ndarray[Any, Any]]:
    if isinstance(raw, pa.ChunkedArray):
        encoded = raw.combine_chunks().dictionary_encode(null_encoding="encode")
        return encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
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
    column: Column, distinct: list[Any], level: str | None, decimal: str | None
) -> Callable[[Any], Any]:
    if column.kind in ("integer", "number"):
        mark = decimal or _decimal_mark(distinct)
        return lambda cell: _number(cell, mark, whole=column.kind == "integer")
    if column.kind == "place":
        return lambda cell: _place(cell, level)
    return {"date": _date, "month": _month, "text": _text, "geometry": _geometry}[column.kind]


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
    texts = [c.strip() for c in distinct if isinstance(c, str)]
    comma = any(_COMMA_DECIMAL.fullmatch(t) for t in texts)
    dot = any(_DOT_DECIMAL.fullmatch(t) for t in texts)
    return None if comma == dot else "," if comma else "."


def _number(cell: Any, mark: str | None, whole: bool) -> float | int:
    if isinstance(cell, bool):
        raise ValueError("is not a number")
    value = float(_as_number_text(cell.strip(), mark, whole) if isinstance(cell, str) else cell)
    if not math.isfinite(value):
        raise ValueError("is not a finite number")
    if whole and not value.is_integer():
        raise ValueError("is not a whole number")
    return int(value) if whole else value


def _as_number_text(text: str, mark: str | None, whole: bool) -> str:
    if mark is None and _GROUPED.fullmatch(text):
        if whole:  # a count is never 1.234 ones, so the mark can only group thousands
            return re.sub(r"[.,\u00a0 ]", "", text)
        if "," in text:
            raise ValueError('may mean a decimal or thousands; say --decimal "," or "."')
    if mark == ",":
        text = re.sub(r"[.\u00a0 ]", "", text).replace(",", ".")
    else:
        text = re.sub(r"[,\u00a0 ](?=\d{3})", "", text)
    try:
        float(text)
    except ValueError:
        raise ValueError("is not a number") from None
    return text


def _place(cell: Any, level: str | None) -> str:
    found = find_places(_text(cell), level)
    if len(found) == 1:
        return found[0].code
    if found:
        units = ", ".join(f"{p.code} ({p.level})" for p in found)
        raise ValueError(f"is ambiguous: {units}; use the code")
    raise ValueError(f"is not a known {level or 'place'}")


def _geometry(cell: Any) -> bytes:
    import shapely

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
