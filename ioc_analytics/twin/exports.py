"""The simulated city's tables as its systems would export them: Vietnamese, late and messy.

Spreadsheets with merged title rows, text in Windows-1258, ward names instead of codes, day-first
dates, decimal commas, running row numbers, repeated rows, a row of totals at the foot: what the
door of the lake must cope with. The mess is added; no row of a table is lost by it.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from ioc_analytics import sectors
from ioc_analytics.contracts import Column, Table
from ioc_analytics.places import places
from ioc_analytics.twin.world import World

__all__ = ["Export", "write_exports"]

_TITLE = ("DỮ LIỆU MÔ PHỎNG - KHÔNG PHẢI SỐ LIỆU THẬT", "ỦY BAN NHÂN DÂN THÀNH PHỐ THỦ ĐỨC")
_SPREADSHEET_ROWS = 3_000  # more rows than people keep in a spreadsheet are sent as text
_OLD_TEXT_ROWS = 50_000  # more than the old programs write at once
_MONTHS, _WEEKS = 1, 4  # ends of months, then ends of weeks, on which deliveries are made
_REPEATED = 0.001  # share of rows that stand in the file twice
_TOTALS = "Tổng cộng"
_SAVED = b"2021-10-24T00:00:00Z"


@dataclass(frozen=True, slots=True)
class _Style:
    """How one system writes its files."""

    ending: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    titles: int = 0
    vietnamese: bool = True  # headers, labels, ward names, day-first dates, decimal commas
    numbered: bool = False  # a first column that counts the rows
    totals: bool = False  # a last row of totals


_SPREADSHEET = _Style("xlsx", titles=2, numbered=True, totals=True)
_OLD_TEXT = _Style(encoding="cp1258", delimiter=";", titles=1)
_TEXT = _Style(encoding="utf-8-sig", delimiter=";", numbered=True)
_PLAIN = _Style(vietnamese=False)
_STYLES = {  # what the systems' makers chose; the others send plain text
    "documents": _OLD_TEXT,
    "economy": _SPREADSHEET,
    "education": _SPREADSHEET,
    "epidemic": _TEXT,
    "feedback": _TEXT,
    "health": _SPREADSHEET,
    "procedures": _OLD_TEXT,
    "security": _SPREADSHEET,
}


@dataclass(frozen=True, slots=True)
class Export:
    """A written file, the table it belongs to and the options it is taken in with."""

    path: Path
    table: str
    rows: int
    options: dict[str, Any] = field(default_factory=dict)


def write_exports(
    world: World, tables: Mapping[str, pd.DataFrame], folder: str | Path
) -> Iterator[Export]:
    """Write each table as its system would, in as many files as it became known in.

    Parameters
    ----------
    world : World
        The city; its seed decides which rows are repeated.
    tables : mapping of str to DataFrame
        By table name, the contract's columns; a column `_known` (day on which the city came to
        know the row) splits a table into deliveries: at the end of a month, then of each of the
        last four weeks.
    folder : str or Path
        Created if absent.

    Yields
    ------
    Export
        To be taken in with ``lake.ingest(e.path, e.table, simulated=True, **e.options)``, in this
        order. A file is written when it is asked for.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        table = sectors.table(name)
        for number, (as_of, since, part) in enumerate(_deliveries(world, table, frame)):
            style = _style(table, len(part))
            path = folder / f"{name.replace('.', '_')}_{number + 1:02}.{style.ending}"
            rows = _repeated(part, world.rng(f"exports {name} {number}"))
            _write(path, table, rows, style)
            options: dict[str, Any] = {"as_of": str(as_of.date())}
            if table.events:
                options["covers"] = (str(since.date()), str(as_of.date()))
            if style.vietnamese:
                options["decimal"] = ","
            yield Export(path, name, len(rows), options)


def _deliveries(
    world: World, table: Table, frame: pd.DataFrame
) -> Iterator[tuple[pd.Timestamp, pd.Timestamp, pd.DataFrame]]:
    """Yield the day of each delivery, the first day that it is about, and its rows."""
    start = world.dates[world.first]
    if "_known" not in frame:
        yield world.end, start, frame
        return
    known = pd.to_datetime(frame["_known"])
    frame = frame.assign(_known=known).sort_values("_known", kind="stable")
    weeks = pd.date_range(end=world.end, periods=_WEEKS, freq="7D")
    months = pd.date_range(end=weeks[0], periods=_MONTHS, freq="MS") - pd.Timedelta(days=1)
    before = frame["_known"].min() - pd.Timedelta(days=1)
    since = start
    for day in months.union(weeks):
        part = frame[(frame["_known"] > before) & (frame["_known"] <= day)]
        if len(part):
            yield day, since, part.drop_duplicates(list(table.key), keep="last")
            before, since = day, day + pd.Timedelta(days=1)


def _style(table: Table, rows: int) -> _Style:
    style = _STYLES.get(table.system, _PLAIN)
    if style is _SPREADSHEET and rows > _SPREADSHEET_ROWS:
        style = _OLD_TEXT
    return _TEXT if style is _OLD_TEXT and rows > _OLD_TEXT_ROWS else style


def _repeated(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the rows with a few of them a second time, further down."""
    count = min(int(np.ceil(_REPEATED * len(rows))), 50)
    return pd.concat([rows, rows.iloc[np.sort(rng.integers(0, len(rows), count))]])


# -- one file -------------------------------------------------------------------------------------


def _write(path: Path, table: Table, rows: pd.DataFrame, style: _Style) -> None:
    columns = [c for c in table.columns if c.name in rows.columns]
    texts = {_header(c, style): _texts(c, rows[c.name], style) for c in columns}
    if style.numbered:
        texts = {"STT": pa.array(map(str, range(1, len(rows) + 1))), **texts}
    if style.ending == "xlsx":
        _write_spreadsheet(path, texts, style)
    else:
        _write_text(path, texts, style)


def _header(column: Column, style: _Style) -> str:
    return column.vi if style.vietnamese else column.name


def _texts(column: Column, values: pd.Series, style: _Style) -> pa.Array:
    """Return a column as its system writes it; a missing value is an empty cell."""
    kind = column.kind
    if kind in ("date", "week", "datetime", "month"):
        return _dates(values, kind, style)
    if kind == "integer":
        return _filled(pa.array(values.astype("Int64")).cast(pa.string()))
    if kind == "number":
        rounded = pa.array(values.astype(float).round(4), from_pandas=True).cast(pa.string())
        return _filled(_replaced(rounded, ".", ",") if style.vietnamese else rounded)
    if kind == "boolean":
        words = ("Có", "Không") if style.vietnamese else ("true", "false")
        return _mapped(values, dict(zip((True, False), words, strict=True)))
    if not style.vietnamese:
        return _mapped(values, {})
    if kind == "place":
        return _mapped(values, _WARD_NAMES)
    return _mapped(values, {value: spelled[0] for value, spelled in column.allowed.items()})


_WARD_NAMES = {
    code: f"Phường {place.name_vi}" for code, place in places().items() if place.level == "ward"
}


def _dates(values: pd.Series, kind: str, style: _Style) -> pa.Array:
    import pyarrow.compute as pc

    moments = pa.array(pd.to_datetime(values), pa.timestamp("s"), from_pandas=True, safe=False)
    day = "%d/%m/%Y" if style.vietnamese else "%Y-%m-%d"
    pattern = {
        "datetime": f"{day} %H:%M",
        "month": "%m/%Y" if style.vietnamese else "%Y-%m",
    }.get(kind, day)
    return _filled(pc.strftime(moments, format=pattern))


def _mapped(values: pd.Series, labels: Mapping[Any, str]) -> pa.Array:
    """Return texts with each distinct value looked up once."""
    codes, distinct = pd.factorize(values)
    words = pa.array([labels.get(value, str(value)) for value in distinct], pa.string())
    return _filled(words.take(pa.array(codes, mask=codes < 0)))


def _replaced(texts: pa.Array, old: str, new: str) -> pa.Array:
    import pyarrow.compute as pc

    return pc.replace_substring(texts, old, new)


def _filled(texts: pa.Array) -> pa.Array:
    return texts.fill_null("")


def _write_text(path: Path, texts: Mapping[str, pa.Array], style: _Style) -> None:
    body = pa.BufferOutputStream()
    options = pacsv.WriteOptions(delimiter=style.delimiter, quoting_style="needed")
    pacsv.write_csv(pa.table(dict(texts)), body, options)
    text = body.getvalue().to_pybytes().decode()
    text = "".join(f"{line}\n" for line in _TITLE[: style.titles]) + text
    if style.encoding == "cp1258":
        text = text.translate(_CP1258)
    path.write_bytes(text.encode(style.encoding))


def _write_spreadsheet(path: Path, texts: Mapping[str, pa.Array], style: _Style) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "Báo cáo"
    width = len(texts)
    for line in _TITLE[: style.titles]:
        sheet.append([line])
        sheet.merge_cells(
            start_row=sheet.max_row, end_row=sheet.max_row, start_column=1, end_column=width
        )
    sheet.append([])
    sheet.append(list(texts))
    for row in zip(*(column.to_pylist() for column in texts.values()), strict=True):
        sheet.append([cell or None for cell in row])
    if style.totals:
        sheet.append([_TOTALS])
    written = io.BytesIO()
    book.save(written)
    path.write_bytes(_undated(written.getvalue()))


def _undated(workbook: bytes) -> bytes:
    """Return a workbook without the moment at which it was saved: same rows, same bytes."""
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts, zipfile.ZipFile(kept, "w") as undated:
        for name in parts.namelist():
            content = parts.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", _SAVED, content)
            undated.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return kept.getvalue()


def _old_letters() -> dict[int, str]:
    """Return how Windows-1258 spells Vietnamese letters: the letter, then its tone as a mark."""
    shapes, tones = "\u0302\u0306\u031b", "\u0300\u0301\u0303\u0309\u0323"
    spelled = {}
    for code in [*range(0xC0, 0x1B1), *range(0x1EA0, 0x1EFA)]:
        parts = unicodedata.normalize("NFD", chr(code))
        tone = "".join(c for c in parts if c in tones)
        shape = "".join(c for c in parts[1:] if c in shapes)
        if tone and len(parts) == 1 + len(tone) + len(shape):
            spelled[code] = unicodedata.normalize("NFC", parts[0] + shape) + tone
    return spelled


_CP1258 = _old_letters()
