"""Raw cells become typed columns; a cell that cannot be read gets a reason, never a guess."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ioc_analytics.contracts import Column
from ioc_analytics.lake.dates import date_reader, local_times, plain_times
from ioc_analytics.lake.readers import Raw
from ioc_analytics.lake.revisions import arrow_type
from ioc_analytics.places import WARDS_UNTIL, find_places
from ioc_analytics.text import fold

__all__ = ["Cells", "parse_cells", "take_text"]

_LARGEST = 2**53  # beyond it neighbouring whole numbers cannot be told apart
_MISSING = {"", "na", "n/a", "nan", "null", "none"}
# What a number says about its decimal mark; `1,234` says nothing, `1.234.567` says it is a comma.
_EVIDENCE = (
    r"[+-]?(\d+{d}\d{{1,2}}|\d+{d}\d{{4,}}|\d{{4,}}{d}\d+|0+{d}\d+"
    r"|\d{{1,3}}({g}\d{{3}})+{d}\d+|\d{{1,3}}({g}\d{{3}}){{2,}})"
)
_NUMBER = r"(?=[+-]?{d}?\d)[+-]?(\d+|\d{{1,3}}({g}\d{{3}})+)?({d}\d*)?([eE][+-]?\d+)?"
_MARKS = {".": {"d": r"\.", "g": ","}, ",": {"d": ",", "g": r"\."}}
_SAYS = {mark: re.compile(_EVIDENCE.format(**m)) for mark, m in _MARKS.items()}
_READS = {mark: re.compile(_NUMBER.format(**m)) for mark, m in _MARKS.items()}
_SPACES = r"[\s\p{Z}\x0b\x1c-\x1f\x85]+"  # what Python takes for space
_GROUPED = re.compile(r"[+-]?\d{1,3}[.,]\d{3}")
_SPACED = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(\D|$))")
_YES = {"co", "dung", "x", "true", "yes", "y", "t", "1", "roi", "da"}
_NO = {"khong", "sai", "false", "no", "n", "f", "0", "chua"}
_TICKS = {"✓", "✔", "☑", "√"}
_SHOWN = 12  # known values that a reason lists
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
    Dates: ISO, or day first (`31/7/2021`), with a time of day for kind datetime (see
    `date_reader`). Text of a column with allowed values is stored as the value that it spells.
    Booleans: có/không, đúng/sai, x, true/false, yes/no, 1/0. Numbers: `1.234,5` and `1,234.5` by
    the evidence of the column; where there is none, `1,234` and `1.234` are refused in a column of
    decimals and are thousands in a column of counts.

    Examples
    --------
    >>> cells = parse_cells(Column("cases", "integer", "Ca"), ["1.234", "n/a", "7", "many"])
    >>> cells.values.to_pylist(), cells.reasons
    ([1234, None, 7, None], {3: 'is not a number'})
    """
    target = arrow_type(column)
    numeric = column.kind in ("integer", "number")
    if isinstance(raw, pa.ChunkedArray) and not (numeric and decimal):
        fast = _whole_column(column, raw.combine_chunks())
        if fast is not None:
            return fast
    distinct, codes = _distinct(raw)
    mark = decimal or (_decimal_mark(distinct) if numeric else None)
    read = _reader(column, distinct, level, mark)
    known, wrong = _read_distinct(column, distinct, read)
    typed = pa.array(known, type=target).take(pa.array(codes))
    bad = np.flatnonzero(np.isin(codes, list(wrong))) if wrong else ()
    return Cells(typed, {int(i): wrong[int(codes[i])] for i in bad}, mark)


def take_text(raw: Raw, index: int) -> str:
    """Return one raw cell as text, for a report."""
    cell = raw[index].as_py() if isinstance(raw, pa.ChunkedArray) else raw[index]
    text = "" if cell is None else str(cell)
    return text if len(text) <= 200 else text[:199] + "…"


def _whole_column(column: Column, raw: pa.Array) -> Cells | None:
    """Return a column that can be read in one step; None for one to be read by its cells."""
    if column.kind in ("integer", "number"):
        return _plain_numbers(raw, arrow_type(column))
    if column.kind == "datetime" and (
        pa.types.is_timestamp(raw.type) or pa.types.is_date(raw.type)
    ):
        return Cells(local_times(raw), {})
    if column.kind == "text" and not column.allowed and pa.types.is_string(raw.type):
        return Cells(_plain_text(raw), {})
    return None


def _plain_text(raw: pa.Array) -> pa.Array:
    """Return free text as `_text` would, all rows at once; null where it is missing."""
    text = pc.utf8_normalize(raw, form="NFC")
    text = pc.utf8_trim_whitespace(pc.replace_substring_regex(text, _SPACES, " "))
    missing = pc.is_in(pc.utf8_lower(text), pa.array(sorted(_MISSING)))
    return pc.if_else(missing, pa.scalar(None, pa.string()), text)


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
    if column.kind == "geometry":
        return lambda cell: _geometry(cell, polygon=column.unit != "any")
    if column.kind in ("date", "week", "month", "datetime"):
        return date_reader(column.kind, distinct)
    if column.kind == "boolean":
        words = _words(column)
        return lambda cell: _boolean(cell, words)
    if column.allowed:
        exact, folded = _spellings(column)
        return lambda cell: _one_of(cell, column, exact, folded)
    return _text


def _read_distinct(
    column: Column, distinct: Sequence[Any], read: Callable[[Any], Any]
) -> tuple[Any, dict[int, str]]:
    """Return distinct cells read (None where missing or wrong), and why some are wrong."""
    known: Any = [None] * len(distinct)
    left: Any = range(len(distinct))
    if column.kind == "datetime":  # each row may hold another one
        known = plain_times(distinct)
        left = np.flatnonzero(np.isnat(known))
    wrong: dict[int, str] = {}
    spelled = _spellings(column)[0]  # a coded value may be called “none”
    for position in left:
        cell = distinct[position]
        coded = isinstance(cell, str) and cell.strip().casefold() in spelled
        try:
            known[position] = None if _is_missing(cell) and not coded else read(cell)
        except ValueError as error:
            wrong[int(position)] = str(error)
    return known, wrong


def _boolean(cell: Any, words: Mapping[str, bool]) -> bool:
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).strip()
    if text in _TICKS:
        return True
    if (found := words.get(fold(text))) is None:
        raise ValueError("is not yes or no (có/không, đúng/sai, x, true/false, 1/0)")
    return found


def _words(column: Column) -> dict[str, bool]:
    """Return the words for yes and no; a contract may name more under "true" and "false"."""
    words = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
    for value, spellings in column.allowed.items():
        words |= {fold(spelling): value == "true" for spelling in spellings}
    return words


def _spellings(column: Column) -> tuple[dict[str, str], dict[str, str]]:
    """Return the value for each spelling, as it stands and folded; none that means two values."""
    exact: dict[str, str] = {}
    folded: dict[str, set[str]] = {}
    for value, spellings in column.allowed.items():
        for spelling in (value, *spellings):
            exact.setdefault(_text(spelling).casefold(), value)
            folded.setdefault(fold(spelling), set()).add(value)
    return exact, {word: min(v) for word, v in folded.items() if word and len(v) == 1}


def _one_of(cell: Any, column: Column, exact: Mapping[str, str], folded: Mapping[str, str]) -> str:
    """Return the value that a cell spells; a `ValueError` names the nearest known one."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)  # a code that a system kept as a number
    text = _text(cell)
    found = exact.get(text.casefold()) or folded.get(fold(text))
    if found is not None:
        return found
    close = difflib.get_close_matches(fold(text), folded, n=1)
    meant = f" (did you mean “{_label(column, folded[close[0]])}”?)" if close else ""
    known = [_label(column, value) for value in column.allowed]
    more = ", …" if len(known) > _SHOWN else ""
    raise ValueError(f"is not a known value{meant}; known: {', '.join(known[:_SHOWN])}{more}")


def _label(column: Column, value: str) -> str:
    return next(iter(column.allowed[value]), value)


def _text(cell: Any) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", str(cell))).strip()


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
    """Read a place; `old|new` where the row's day must tell, see `crosswalk.place_by_date`."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)  # a code that a system kept as a number
    text = re.sub(r"^(\d+)\.0$", r"\1", _text(cell))
    later = find_places(text, level, on=WARDS_UNTIL + dt.timedelta(days=1))
    renewed = "".join(p.code for p in later if p.level == "ward2025")
    if text == renewed:
        return text
    found = find_places(text, level)
    if len(found) == 1:
        return f"{found[0].code}|{renewed}" if renewed else found[0].code
    if found:
        units = ", ".join(f"{p.code} ({p.level})" for p in found)
        raise ValueError(f"is ambiguous: {units}; use the code")
    if renewed:
        return f"|{renewed}"
    raise ValueError(f"is not a known {level or 'place'}")


def _geometry(cell: Any, polygon: bool) -> bytes:
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
    what = "polygon" if polygon else "shape"
    if shape.is_empty or (polygon and shape.geom_type not in ("Polygon", "MultiPolygon")):
        raise ValueError(f"is not a {what}")
    if not shape.is_valid:
        raise ValueError(f"is not a valid {what} ({shapely.is_valid_reason(shape)})")
    west, south, east, north = shape.bounds
    if not (102 <= west <= east <= 118 and 8 <= south <= north <= 24):
        raise ValueError("lies outside Viet Nam (longitude, latitude in WGS84 are expected)")
    return bytes(shapely.to_wkb(shapely.force_2d(shape)))
