"""What the features of a map layer's file become: rows with id, name, category and shape."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ioc_analytics import sectors
from ioc_analytics.contracts import Table
from ioc_analytics.errors import ContractError, IngestError
from ioc_analytics.lake.cells import parse_cells, take_text
from ioc_analytics.lake.geodata import GEO_ENDINGS, Placement
from ioc_analytics.lake.readers import RawTable, read_raw
from ioc_analytics.lake.redaction import redact_column
from ioc_analytics.text import fold, nearest

__all__ = ["LayerFile", "read_layer"]

_FOUND = ("feature_id", "name", "category")  # columns that an attribute of the file may hold
_LONG = 10**8  # a whole number of as many digits as a phone's, whose first 0 a table drops
_KINDS = {"Point": "point", "LineString": "line", "LinearRing": "line", "Polygon": "polygon"}


@dataclass(frozen=True)
class LayerFile:
    """A layer's file as read.

    `rows` has the columns of `geography.features` but for layer and edition, and `_line`;
    `rejects` the features without valid shape: `id, line, value, reason`; `kind` is point, line,
    polygon or mixed; `placed` how the coordinates came to WGS84.
    """

    rows: pa.Table
    rejects: pd.DataFrame
    kind: str
    placed: Placement


def read_layer(
    name: str, data: bytes, columns: Mapping[str, str] | None = None, **options: Any
) -> LayerFile:
    """Return the features of a geographic file.

    Parameters
    ----------
    name : str
        The file's name; its ending says what it is.
    data : bytes
        Its content, as `read_bytes` gives it.
    columns : mapping, optional
        Which attribute holds `feature_id`, `name` and `category`. Default: those whose header says
        so; where none does, or it is not complete and unique, features are numbered.
    **options
        `crs`, `layer` and `encoding`, see `read_geodata`.

    Returns
    -------
    LayerFile

    Raises
    ------
    IngestError
        The file cannot be read, or a named attribute does not tell its features apart.
    ContractError
        There is no attribute of a name given.

    Notes
    -----
    Phones, plates and identity numbers among the attributes are blacked out, as in any free text.

    Examples
    --------
    >>> point = '{"type": "Point", "coordinates": [106.77, 10.85]}'
    >>> feature = '{"type": "Feature", "properties": {"Tên": "A", "rooms": 9}, "geometry": %s}'
    >>> text = '{"type": "FeatureCollection", "features": [%s]}' % (feature % point)
    >>> layer = read_layer("a.geojson", text.encode())
    >>> layer.kind, layer.rows.select(["feature_id", "name", "properties"]).to_pylist()
    ('point', [{'feature_id': '1', 'name': 'A', 'properties': '{"rooms": 9}'}])
    """
    file = Path(name)
    if file.suffix.lower() not in GEO_ENDINGS:
        raise IngestError(f"{file.name} is no map layer; known: {', '.join(GEO_ENDINGS)}.")
    table = sectors.table("geography.features")
    raw = read_raw(file, data, lambda h: _found(table, h) is not None, **options)
    rows, rejects = _rows(table, raw, file.name, columns or {})
    placed = raw.placed or Placement("WGS84", "none", 0.0)
    return LayerFile(rows, rejects, _kind(rows["geometry"]), placed)


def _found(table: Table, header: str) -> str | None:
    """Return the column that an attribute's header means, or None: it is a further property."""
    column = table.match_header(header)
    return column.name if column is not None and column.name in _FOUND else None


def _rows(
    table: Table, raw: RawTable, file: str, columns: Mapping[str, str]
) -> tuple[pa.Table, pd.DataFrame]:
    """Return the features that can be kept, and the refused ones by id."""
    headers = _headers(table, raw, file, columns)
    ids = _ids(raw, headers.get("feature_id"), file, named="feature_id" in columns)
    used = {headers[c] for c in ("name", "category") if c in headers}
    if "feature_id" in headers and ids is raw.columns[headers["feature_id"]]:
        used.add(headers["feature_id"])
    others = [h for h in raw.columns if h not in used | {"geometry"}]
    n = len(raw.lines)
    shapes = parse_cells(table.column("geometry"), raw.columns["geometry"])
    absent = np.flatnonzero(shapes.values.is_null())  # noqa: PD011
    wrong = dict.fromkeys(absent.tolist(), "has no shape") | shapes.reasons
    typed = {
        "feature_id": pa.array([str(i) for i in ids], pa.string()),
        **{
            c: parse_cells(table.column(c), _clean(raw, headers[c])).values  # noqa: PD011
            if c in headers
            else pa.nulls(n, pa.string())
            for c in ("name", "category")
        },
        "properties": _json(raw, others),
        "geometry": shapes.values,  # noqa: PD011
        "_line": pa.array(raw.lines),
    }
    rejects = [
        (str(ids[i]), int(raw.lines[i]), take_text(raw.columns["geometry"], i), wrong[i])
        for i in sorted(wrong)
    ]
    kept = pa.table(typed).take(pa.array([i for i in range(n) if i not in wrong], pa.int64()))
    frame = pd.DataFrame(rejects, columns=["id", "line", "value", "reason"])
    return kept, frame


def _headers(table: Table, raw: RawTable, file: str, columns: Mapping[str, str]) -> dict[str, str]:
    """Return for `feature_id`, `name` and `category` the attribute that holds it."""
    headers: dict[str, str] = {}
    for column, header in columns.items():
        if column not in _FOUND:
            raise ContractError(f"columns may name {', '.join(_FOUND)}, not “{column}”.")
        if header not in raw.columns:
            told = nearest(header, raw.columns)
            raise ContractError(f"{file} has no attribute “{header}”{told}.")
        headers[column] = header
    for column in _FOUND:
        contract = table.column(column)
        spellings = [fold(s) for s in (contract.name, contract.vi, *contract.aliases)]
        found = [h for h in raw.columns if _found(table, h) == column]
        if found and column not in headers:
            headers[column] = min(found, key=lambda h: spellings.index(fold(h)))
    return headers


def _ids(raw: RawTable, header: str | None, file: str, *, named: bool) -> Sequence[Any]:
    """Return an id for each feature: the file's own where it is complete and unique."""
    for cells in ([raw.columns[header]] if header else []) + ([raw.ids] if raw.ids else []):
        texts = ["" if c is None else str(c).strip() for c in cells]
        doubtful = sorted(t for t, times in Counter(texts).items() if not t or times > 1)
        if not doubtful:
            return cells
        if named:
            raise IngestError(f"{file}: “{header}” is missing or repeated (“{doubtful[0]}”).")
    return [int(line) for line in raw.lines]


def _json(raw: RawTable, headers: Sequence[str]) -> pa.Array:
    """Return each feature's further attributes as JSON."""
    columns = {h: _clean(raw, h) for h in headers}
    rows = (
        {h: cells[i] for h, cells in columns.items() if cells[i] is not None}
        for i in range(len(raw.lines))
    )
    texts = [json.dumps(r, ensure_ascii=False, sort_keys=True, default=str) for r in rows]
    return pa.array(texts, pa.string())


def _clean(raw: RawTable, header: str) -> list[Any]:
    """Return an attribute's cells without phones, plates and identity numbers.

    The header is read with the cell: it tells what “SĐT” 900000123 is.
    """
    label = " ".join(re.findall(r"[^\W_]+", header))
    cells = list(raw.columns[header])
    told = [f"{label}: {c}" if _may_tell(c) else None for c in cells]
    cleaned = redact_column(pa.chunked_array([pa.array(told, pa.string())])).to_pylist()
    return [
        cell if after == before else after.split(": ", 1)[-1]
        for cell, before, after in zip(cells, told, cleaned, strict=True)
    ]


def _may_tell(cell: Any) -> bool:
    """Tell whether a cell can hold a phone or identity number: a text or a long whole number."""
    return isinstance(cell, str) or (isinstance(cell, int) and abs(cell) >= _LONG)


def _kind(shapes: pa.ChunkedArray) -> str:
    """Return whether shapes are points, lines or polygons."""
    import shapely

    types = {str(g.geom_type).removeprefix("Multi") for g in shapely.from_wkb(shapes.to_pylist())}
    kinds = {_KINDS.get(t, "mixed") for t in types}
    return kinds.pop() if len(kinds) == 1 else "mixed"
