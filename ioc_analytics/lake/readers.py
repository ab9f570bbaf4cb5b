"""Files as the systems write them become columns of raw values, each with its line in the file."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from ioc_analytics.errors import IngestError
from ioc_analytics.lake.geodata import GEO_ENDINGS, Placement, pack_shapefile, read_geodata

__all__ = ["Raw", "RawTable", "read_bytes", "read_raw"]

Raw: TypeAlias = "pa.ChunkedArray | list[Any]"
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_CELLS = re.compile(rb"<c ([^>]*[^/>])>(.*?)</c>", re.DOTALL)
_TITLE_ROWS = 30  # a header stands within the first rows of an export
_NAMELESS = "column "  # what a column without header is called, with its number
_HEAD = 1 << 16  # and within its first bytes
_LINE_END = re.compile(rb"\r\n|\n|\r")
_END = b"\x1f"  # a row of our own behind the last; an open quote would swallow it
_CONTROL = re.compile(rb"\x00|\xc2[\x80-\x9f]")  # in UTF-8: what no text holds


@dataclass
class RawTable:
    """Raw columns by header, the line of each row, and lines that could not be split at all.

    Of a geographic file also how its coordinates came to WGS84, and the features' own ids.
    """

    columns: dict[str, Raw]
    lines: np.ndarray[Any, np.dtype[np.int64]]
    broken: list[tuple[int, str, str]] = field(default_factory=list)  # line, text, reason
    placed: Placement | None = None
    ids: list[Any] | None = None


def read_bytes(path: Path) -> bytes:
    """Return a file's content; refuse one that is absent, empty or still being written.

    A plain Shapefile is read with the files beside it (.shx, .dbf, .prj, .cpg), as one zip.
    """
    if path.suffix.lower() == ".shp":
        return pack_shapefile(path, _content)
    return _content(path)


def _content(path: Path) -> bytes:
    """Return one file's bytes."""
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
    path: Path,
    data: bytes,
    knows_header: Callable[[str], bool],
    encoding: str | None = None,
    *,
    crs: str | None = None,
    layer: str | None = None,
) -> RawTable:
    """Return the rows of a file as raw values: a table, or the features of a geographic file.

    Tables are CSV, XLSX and Parquet; geographic files GeoJSON, GeoPackage and Shapefile, also
    zipped.

    Parameters
    ----------
    path : Path
        Only its name and ending are used.
    data : bytes
        The file's content, as `read_bytes` gives it.
    knows_header : callable
        Tells whether a header belongs to the table; used to find the header row under title rows
        and the delimiter.
    encoding : str, optional
        For CSV and Shapefile. Default: UTF-8 (with or without mark), UTF-16 with mark, else
        Windows-1258.
    crs, layer : str, optional
        For geographic files, see `read_geodata`.

    Returns
    -------
    RawTable
        One column for each header; blank rows are left out, lines count from 1 at the file's top
        (rows of Parquet, features of a geographic file). Shapes are in WGS84.

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
        **dict.fromkeys(
            GEO_ENDINGS,
            lambda: _read_features(
                path.name, data, knows_header=knows_header, crs=crs, layer=layer, encoding=encoding
            ),
        ),
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


@dataclass(frozen=True)
class _Header:
    """Where a CSV file's header stands: its names, the delimiter, and the line it ends on."""

    names: list[str]
    delimiter: str
    last_line: int


def _read_csv(
    name: str, data: bytes, knows_header: Callable[[str], bool], encoding: str | None
) -> RawTable:
    data = _as_utf8(name, data, encoding)
    header = _find_header(name, data, knows_header)
    quoted = b'"' in data
    end = _END.decode() + header.delimiter * (len(header.names) - 1)
    table, broken = _split(data + f"\n{end}\n".encode() if quoted else data, header)
    rows = np.ones(table.num_rows + len(broken), dtype=bool)
    rows[[number - 1 for number, _ in broken]] = False
    breaks = np.zeros(len(rows), dtype=np.int64)  # a quoted cell may span lines
    if quoted:
        breaks[rows] = _line_breaks(table)
        breaks[~rows] = [text.count("\n") for _, text in broken]
    lines = header.last_line + 1 + np.arange(len(rows)) + np.cumsum(breaks) - breaks
    filled = _filled(table)
    if quoted:
        if not rows[-1] or table[0][-1].as_py() != _END.decode():
            raise IngestError(f"{name}: a quoted cell that begins in line {lines[-1]} has no end.")
        filled[-1] = False
    table = table.filter(pa.array(filled))
    expected = f"the row does not have the header's {len(header.names)} fields"
    used = [h for h in header.names if not h.startswith(_NAMELESS) or _any_text(table[h])]
    return RawTable(
        {h: table[h] for h in used},
        lines[rows][filled],
        [(int(lines[n - 1]), text, expected) for n, text in broken if text.strip()],
    )


def _split(data: bytes, header: _Header) -> tuple[pa.Table, list[tuple[int, str]]]:
    """Return the rows below the header as text, and number (from 1) and text of odd ones."""
    start = _line_start(data, header.last_line)
    broken: list[tuple[int, str]] = []

    def keep(row: pacsv.InvalidRow) -> str:
        broken.append((row.number, row.text))
        return "skip"

    schema = pa.schema([(h, pa.string()) for h in header.names])
    if not data[start:].strip():
        return schema.empty_table(), broken
    table = pacsv.read_csv(
        pa.BufferReader(pa.py_buffer(data).slice(start)),
        read_options=pacsv.ReadOptions(use_threads=False, column_names=header.names),
        parse_options=pacsv.ParseOptions(
            delimiter=header.delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=keep,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=schema, strings_can_be_null=False, quoted_strings_can_be_null=False
        ),
    )
    return table, broken


def _line_start(data: bytes, line: int) -> int:
    """Return where the text after the first `line` lines begins."""
    ends = [end.end() for end in itertools.islice(_LINE_END.finditer(data), line)]
    return ends[-1] if len(ends) == line else len(data)


def _line_breaks(table: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return how many line breaks each row holds inside its cells."""
    breaks = np.zeros(table.num_rows, dtype=np.int64)
    for column in table.columns:
        breaks += pc.count_substring(column, "\n").to_numpy()
    return breaks


def _any_text(column: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.not_equal(column, "")).as_py())


def _filled(table: pa.Table) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell which rows are not blank lines."""
    filled = np.zeros(table.num_rows, dtype=bool)
    for column in table.columns:
        filled |= pc.not_equal(column, "").to_numpy()
        if filled.all():
            break
    return filled


def _as_utf8(name: str, data: bytes, encoding: str | None) -> bytes:
    """Return text in any of the encodings we know as composed UTF-8 without mark."""
    if encoding is None and data.isascii() and b"\0" not in data:
        return data
    marks = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    by_mark = next((code for mark, code in marks.items() if data.startswith(mark)), None)
    for code in [encoding] if encoding else [by_mark] if by_mark else ["utf-8", "cp1258"]:
        try:
            text = data.decode(code).removeprefix("\ufeff")
        except (UnicodeDecodeError, LookupError):
            continue
        composed = unicodedata.is_normalized("NFC", text)
        utf8 = (text if composed else unicodedata.normalize("NFC", text)).encode()
        if _CONTROL.search(utf8) or (code == "cp1258" and not encoding and _is_torn_utf8(data)):
            continue
        return utf8
    tried = encoding or by_mark or "UTF-8 or Windows-1258"
    raise IngestError(
        f"{name} is not text in {tried}; name its encoding with --encoding (for example utf-16)."
    )


def _is_torn_utf8(data: bytes) -> bool:
    """Tell whether bytes that are not UTF-8 are UTF-8 with damage rather than an older code page.

    In an older code page few letters happen to be valid UTF-8; in a damaged file nearly all are.
    """
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    return len(text) - len(text.encode("ascii", "ignore")) - damaged > damaged


def _find_header(name: str, data: bytes, knows_header: Callable[[str], bool]) -> _Header:
    """Return the row, among the first, in which most cells are headers of the table."""
    top = data[:_HEAD].decode("utf-8", "ignore")
    best, header = 0, _Header([], ",", 0)
    for delimiter in ",;\t|":
        lines = csv.reader(io.StringIO(top, newline=""), delimiter=delimiter)
        for cells in itertools.islice(lines, _TITLE_ROWS):
            known = sum(map(knows_header, cells))
            if known > best:
                best, header = known, _Header(cells, delimiter, lines.line_num)
    if not best:
        first = ", ".join(top.splitlines()[0].split(",")[:8]) if top else ""
        raise IngestError(f"{name} has no header row of this table (its first line: {first}).")
    _refuse_repeated(name, [h for h in header.names if h.strip()])
    names = [h if h.strip() else f"{_NAMELESS}{i}" for i, h in enumerate(header.names, start=1)]
    return _Header(names, header.delimiter, header.last_line)


def _refuse_repeated(name: str, header: list[str]) -> None:
    repeated = sorted({h for h in header if header.count(h) > 1})
    if repeated:
        raise IngestError(f"{name}: column “{repeated[0]}” stands twice in the header.")


def _read_xlsx(name: str, data: bytes, knows_header: Callable[[str], bool]) -> RawTable:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    _refuse_uncomputed(name, data)
    found = []
    for sheet in book.sheet_names:
        rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        counts = [sum(knows_header(str(c)) for c in row) for row in rows[:_TITLE_ROWS]]
        if any(counts):
            found.append((sheet, rows, int(np.argmax(counts))))
    if not found:
        raise IngestError(f"{name} has no sheet with a header row of this table.")
    if len(found) > 1:
        sheets = ", ".join(f"“{sheet}”" for sheet, _, _ in found)
        raise IngestError(f"{name}: sheets {sheets} hold this table; save each as its own file.")
    [(_, rows, top)] = found
    below = rows[top + 1 :]
    header = [str(c).strip() for c in rows[top]]
    used = [i for i, h in enumerate(header) if h or any(row[i] not in ("", None) for row in below)]
    names = {i: header[i] or f"column {i + 1}" for i in used}
    _refuse_repeated(name, list(names.values()))
    body = [
        (line, row)
        for line, row in enumerate(below, start=top + 2)
        if any(row[i] not in ("", None) for i in used)
    ]
    return RawTable(
        {names[i]: [_cell(row[i]) for _, row in body] for i in used},
        np.array([line for line, _ in body], dtype=np.int64),
    )


def _refuse_uncomputed(name: str, data: bytes) -> None:
    """Refuse a workbook with error cells or formulas without a saved result.

    The reader shows them as empty cells, which would mean “missing”.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        for part in sorted(p for p in parts.namelist() if _SHEET.fullmatch(p)):
            for cell in _CELLS.finditer(parts.read(part)):
                error = b't="e"' in cell[1]
                if error or (b"<f" in cell[2] and b"<v>" not in cell[2].replace(b"<v></v>", b"")):
                    place = re.search(rb'r="([A-Z]+[0-9]+)"', cell[1])
                    where = place[1].decode() if place else "a cell"
                    what = "an error" if error else "a formula without a saved result"
                    raise IngestError(
                        f"{name}: {where} holds {what}; correct it and save the file in the "
                        "spreadsheet program."
                    )


def _cell(value: Any) -> Any:
    """Return a spreadsheet's cell as the person who typed it meant it."""
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None if value == "" else value


def _read_parquet(data: bytes) -> RawTable:
    table = pq.read_table(pa.BufferReader(data))
    columns: dict[str, Raw] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        plain = column.type
        if pa.types.is_dictionary(plain):
            plain = plain.value_type
        if pa.types.is_large_string(plain) or pa.types.is_string_view(plain):
            plain = pa.string()
        columns[name] = column.cast(plain)
    return RawTable(columns, np.arange(1, table.num_rows + 1, dtype=np.int64))


def _read_features(name: str, data: bytes, **options: Any) -> RawTable:
    rows = read_geodata(name, data, **options)
    if "geometry" in rows.columns:
        raise IngestError(f"{name}: an attribute is called “geometry”; rename it.")
    columns: dict[str, Raw] = {**rows.columns, "geometry": rows.shapes}
    lines = np.arange(1, len(rows.shapes) + 1, dtype=np.int64)
    return RawTable(columns, lines, placed=rows.placed, ids=rows.ids)
