"""Rows straight into a lake and one value out of the panel, for hand-computed examples."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from ioc_analytics import sectors
from ioc_analytics.lake import Lake
from ioc_analytics.lake.revisions import arrow_schema

_NUMBER = itertools.count()


def put(
    lake: Lake,
    table: str,
    rows: Sequence[dict[str, Any]],
    *,
    covers: tuple[str, str] | None = None,
    as_of: str = "2024-01-01",
) -> None:
    """Append typed rows; columns that a row leaves out are missing. Days may be ISO text."""
    contract = sectors.table(table)
    schema = arrow_schema(contract)
    for row in rows:
        for name in row:
            contract.column(name)
    columns = [pa.array([_typed(row.get(f.name), f.type) for row in rows], f.type) for f in schema]
    data = pa.table(columns, schema=schema)
    data = data.append_column("_line", pa.array(range(2, len(rows) + 2), pa.int64()))
    data = data.append_column("_flags", pa.nulls(len(rows), pa.string()))
    day = dt.date.fromisoformat(as_of)
    lake.append(
        contract,
        data,
        as_of=day,
        ingest_id=f"test {next(_NUMBER)}",
        metadata={"ingest_id": "test", "file": "test", "as_of": as_of, "simulated": "False"},
        covers=tuple(map(dt.date.fromisoformat, covers)) if covers else None,
    )


def value(lake: Lake, indicator: str, freq: str, location: str, date: str, **options: Any) -> float:
    """Return one cell of the panel; NaN where it is not known."""
    panel = lake.panel([indicator], freq, [location], **options)[(indicator, location)]
    return float(panel.get(pd.Timestamp(date), float("nan")))


def _typed(cell: Any, kind: pa.DataType) -> Any:
    if isinstance(cell, str) and pa.types.is_date(kind):
        return dt.date.fromisoformat(cell)
    if isinstance(cell, str) and pa.types.is_timestamp(kind):
        return dt.datetime.fromisoformat(cell)
    return cell
