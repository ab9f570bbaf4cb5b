"""Files as the systems write them become columns of raw values, each with its line in the file."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from ioc_analytics.errors import IngestError

__all__ = ["RawTable", "read_bytes", "read_raw"]

Raw = pa.ChunkedArray | list[Any]
_TITLE_ROWS = 30  # a header stands within the first rows of an export


@dataclass
class RawTable:
    """Raw columns by header, the line of each row, and lines that could not be split at all."""

    columns: dict[str, Raw]
    lines: np.ndarray[Any, np.dtype[np.int64]]
    broken: list[tuple[int, str, str]] = field(default_factory=list)  # line, text, reason


def read_bytes(path: Path) -> bytes:
    """Return a file's content; refuse one that is absent, empty or still being written."""
    try:
        before = path.stat()
        data = path.read_bytes()
        after = path.stat()
    except OSError as error:
        raise IngestError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(
        data
    ) != after.st_size:
        raise IngestError(
            f"{path.name} changed while it was read ({before.st_size} to {after.st_size} bytes); "
            "try again when the export has finished."
        )
    if not data.strip():
        raise IngestError(f"{path.name} is empty.")
    return data


def read_raw(
    path: Path, data: bytes, knows_header: Callable[[str], bool], encoding: str | None = None
) -> RawTable:
    """Return the rows of a CSV, XLSX, Parquet or GeoJSON file as raw values.

    Parameters
    ----------
    path : Path
        Only its name and ending are used.
    data : bytes
        The file's content.
    knows_header : callable
        Tells whether a header belongs to the table; used to find the header row under title rows
        and the delimiter.
    encoding : str, optional
        For CSV. Default: UTF-8 (with or without mark), UTF-16 with mark, else Windows-1258.

    Raises
    ------
    IngestError
        The file cannot be read as what its ending says, or holds no row.
    """
    ending = path.suffix.lower()
    readers: dict[str, Callable[[], RawTable]] = {
        ".csv": lambda: _read_csv(path.name, data, knows_header, encoding),
        ".txt": lambda: _read_csv(path.name, data, knows_header, encoding),
        ".tsv": lambda: _read_csv(path.name, data, knows_header, encoding),
        ".xlsx": lambda: _read_xlsx(path.name, data, knows_header),
        ".parquet": lambda: _read_parquet(data),
        ".geojson": lambda: _read_geojson(path.name, data),
    }
    if ending not in readers:
        raise IngestError(
            f"{path.name}: files of kind “{ending or 'no ending'}” are not read; "
            f"known: {', '.join(readers)}."
        )
    try:
        raw = readers[ending]()
    except IngestError:
        raise
    except Exception as error:  # a damaged file fails in its reader's own way
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise IngestError(
            f"{path.name} cannot be read as {ending[1:].upper()}: {reason}"
        ) from error
    if not len(raw.lines) and not raw.broken:
        raise IngestError(f"{path.name} has a header but no rows.")
    return raw


def _read_csv(
    name: str, data: bytes, knows_header: Callable[[str], bool], encoding: str | None
) -> RawTable:
    data = _as_utf8(name, data, encoding)
    skipped, delimiter, header = _find_header(name, data, knows_header)
    start = 0
    for _ in range(skipped):
        start = data.index(b"\n", start) + 1
    broken: list[tuple[int, str]] = []

    def keep(row: pacsv.InvalidRow) -> str:
        broken.append((row.number, row.text))
        return "skip"

    table = pacsv.read_csv(
        io.BytesIO(data[start:]),
        read_options=pacsv.ReadOptions(use_threads=False),
        parse_options=pacsv.ParseOptions(
            delimiter=delimiter,
            newlines_in_values=b'"' in data,
            ignore_empty_lines=False,
            invalid_row_handler=keep,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types={h: pa.string() for h in header}, strings_can_be_null=False
        ),
    )
    # `number` counts rows from 1 with the header as the first; a quoted cell may span lines.
    bad = np.array([number for number, _ in broken], dtype=np.int64)
    rows = np.setdiff1d(np.arange(2, table.num_rows + len(bad) + 2), bad)
    breaks = np.concatenate([[0], np.cumsum(_line_breaks(table))])
    lines = rows + breaks[:-1] + skipped
    filled = _filled(table)
    table = table.filter(pa.array(filled))
    return RawTable(
        dict(zip(table.column_names, table.columns, strict=True)),
        lines[filled].astype(np.int64),
        [
            (
                int(number + skipped + breaks[np.searchsorted(rows, number)]),
                text,
                f"the row does not have the header's {len(header)} fields",
            )
            for number, text in broken
        ],
    )


def _line_breaks(table: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return how many line breaks each row holds inside its cells."""
    breaks = np.zeros(table.num_rows, dtype=np.int64)
    for column in table.columns:
        breaks += pc.count_substring(column, "\n").to_numpy()
    return breaks


def _filled(table: pa.Table) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell which rows are not blank lines."""
    filled = np.zeros(table.num_rows, dtype=bool)
    for column in table.columns:
        filled |= pc.not_equal(column, "").to_numpy()
        if filled.all():
            break
    return filled


def _as_utf8(name: str, data: bytes, encoding: str | None) -> bytes:
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    by_mark = next((code for mark, code in marks.items() if data.startswith(mark)), None)
    for code in [encoding] if encoding else [by_mark] if by_mark else ["utf-8", "cp1258"]:
        try:
            text = data.decode(code)
        except (UnicodeDecodeError, LookupError):
            continue
        if "\x00" in text or any("\x80" <= c <= "\x9f" for c in set(text)):
            continue
        if code == "utf-8" and data.isascii():
            return data
        return unicodedata.normalize("NFC", text).encode()
    tried = encoding or by_mark or "UTF-8 or Windows-1258"
    raise IngestError(
        f"{name} is not text in {tried}; name its encoding with --encoding (for example utf-16)."
    )


def _find_header(
    name: str, data: bytes, knows_header: Callable[[str], bool]
) -> tuple[int, str, list[str]]:
    """Return how many title rows stand above the header, the delimiter and the header."""
    top = data[: 1 << 16].decode("utf-8", "ignore").splitlines()[:_TITLE_ROWS]
    best: tuple[int, int, str, list[str]] = (0, 0, ",", [])
    for index, line in enumerate(top):
        for delimiter in ",;\t|":
            cells = next(csv.reader([line], delimiter=delimiter), [])
            known = sum(map(knows_header, cells))
            if known > best[0]:
                best = (known, index, delimiter, cells)
    known, index, delimiter, header = best
    if not known:
        first = ", ".join(top[0].split(",")[:8]) if top else ""
        raise IngestError(f"{name} has no header row of this table (its first line: {first}).")
    _refuse_repeated(name, header)
    return index, delimiter, header


def _refuse_repeated(name: str, header: list[str]) -> None:
    repeated = sorted({h for h in header if header.count(h) > 1})
    if repeated:
        raise IngestError(f"{name}: column “{repeated[0]}” stands twice in the header.")


def _read_xlsx(name: str, data: bytes, knows_header: Callable[[str], bool]) -> RawTable:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    for sheet in book.sheet_names:
        rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        counts = [sum(knows_header(str(c)) for c in row) for row in rows[:_TITLE_ROWS]]
        if not any(counts):
            continue
        top = int(np.argmax(counts))
        header = [str(c).strip() for c in rows[top]]
        used = [i for i, h in enumerate(header) if h]
        _refuse_repeated(name, [header[i] for i in used])
        body = [
            (line, row)
            for line, row in enumerate(rows[top + 1 :], start=top + 2)
            if any(row[i] not in ("", None) for i in used)
        ]
        return RawTable(
            {header[i]: [_cell(row[i]) for _, row in body] for i in used},
            np.array([line for line, _ in body], dtype=np.int64),
        )
    raise IngestError(f"{name} has no sheet with a header row of this table.")


def _cell(value: Any) -> Any:
    """Return a spreadsheet's cell as the person who typed it meant it."""
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None if value == "" else value


def _read_parquet(data: bytes) -> RawTable:
    table = pq.read_table(io.BytesIO(data))
    columns: dict[str, Raw] = {
        name: column if pa.types.is_string(column.type) else column.to_pylist()
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    return RawTable(columns, np.arange(1, table.num_rows + 1, dtype=np.int64))


def _read_geojson(name: str, data: bytes) -> RawTable:
    features = json.loads(data).get("features")
    if not isinstance(features, list):
        raise IngestError(f"{name} is not a GeoJSON FeatureCollection.")
    headers = list(dict.fromkeys(key for f in features for key in f.get("properties") or {}))
    columns: dict[str, Raw] = {
        key: [(f.get("properties") or {}).get(key) for f in features] for key in headers
    }
    columns["geometry"] = [f.get("geometry") for f in features]
    return RawTable(columns, np.arange(1, len(features) + 1, dtype=np.int64))
