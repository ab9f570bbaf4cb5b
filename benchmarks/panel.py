"""A year of weekly figures of the wards from ten million base rows, beside plain DuckDB."""

from __future__ import annotations

import datetime as dt
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from ioc_analytics import sectors
from ioc_analytics.contracts import Column, Table
from ioc_analytics.lake import Lake, open_lake
from ioc_analytics.lake.revisions import arrow_schema
from ioc_analytics.places import REFERENCE, ward_codes

__all__ = ["main"]

_ROWS = 10_000_000
_INDICATORS = 70
_FIGURES = 364 * 34 * 20  # rows of a table of figures: twenty a ward and day
_DAYS = pd.date_range("2023-01-02", periods=52 * 7)
_KNOWN = dt.date(2024, 1, 31)


def main() -> int:
    """Print the time of the panel, of DuckDB grouping one table of as many rows, and the ratio."""
    chosen = [i for i in sectors.indicators().values() if i.freq in "DW" and not i.parts]
    chosen = [i for i in chosen if _table(i.table).place and _table(i.table).date][:_INDICATORS]
    names = sorted({i.table for i in chosen})
    with tempfile.TemporaryDirectory() as folder:
        lake = open_lake(Path(folder) / "lake")
        lake.ingest(REFERENCE / "wards.csv", "geography.wards", as_of=str(_KNOWN))
        figures = [name for name in names if not _table(name).events]
        total = sum(_fill(lake, name, _FIGURES) for name in figures)
        each = -(-(_ROWS - total) // (len(names) - len(figures)))
        total += sum(_fill(lake, name, each) for name in names if name not in figures)
        seconds = []
        for _ in range(3):
            started = time.perf_counter()
            panel = lake.panel([i.id for i in chosen], "W", "ward")
            seconds.append(time.perf_counter() - started)
        plain = _plain(lake, names)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print("| what | base rows | seconds | against DuckDB |\n|---|---:|---:|---:|")
    print(f"| DuckDB counts all rows by ward and day | {total:,} | {plain:.2f} | 1.0 |")
    what = f"panel of {panel.columns.levshape[0]} indicators × 34 wards × {len(panel)} weeks"
    print(f"| {what} | {total:,} | {min(seconds):.2f} | {min(seconds) / plain:.1f} |")
    print(f"\nPeak memory of this process, making the rows included: {memory:.2f} GB.")
    return 0


def _plain(lake: Lake, names: list[str]) -> float:
    """Return the seconds that DuckDB needs to count the rows of every table by place and day."""
    started = time.perf_counter()
    with duckdb.connect() as con:
        for name in names:
            table = _table(name)
            files = f"{lake.path}/tables/{name}/*/*.parquet"
            con.execute(
                f"create or replace temp table t as select {table.place}, "
                f"cast({table.date} as date), count(*) from read_parquet('{files}') group by all"
            )
    return time.perf_counter() - started


def _table(name: str) -> Table:
    return sectors.table(name)


def _fill(lake: Lake, name: str, rows: int) -> int:
    """Append made-up rows that keep to a table's contract."""
    table, rng = _table(name), np.random.default_rng(0)
    columns = {c.name: _cells(c, table, rows, rng) for c in table.stored}
    data = pa.table(
        [columns[f.name].cast(f.type) for f in arrow_schema(table)], arrow_schema(table)
    )
    data = data.append_column("_line", pa.array(np.arange(rows)))
    data = data.append_column("_flags", pa.nulls(rows, pa.string()))
    lake.append(
        table,
        data,
        as_of=_KNOWN,
        ingest_id=name,
        metadata={"ingest_id": name, "file": name, "as_of": str(_KNOWN), "simulated": "False"},
    )
    return rows


def _cells(column: Column, table: Table, rows: int, rng: np.random.Generator) -> pa.Array:
    """Return random cells of a column; keys of text are numbers, so that they are unique."""
    kind: Any = column.kind
    if kind == "place":
        return pa.array(np.array(ward_codes())).take(pa.array(rng.integers(0, 34, rows)))
    if kind in ("date", "week", "month", "datetime"):
        days = _DAYS[::7] if kind == "week" else _DAYS
        moments = days.to_numpy()[rng.integers(0, len(days), rows)]
        if kind == "datetime":
            return pa.array(moments + rng.integers(0, 86_400, rows).astype("timedelta64[s]"))
        return pa.array(moments.astype("datetime64[D]"))
    if column.allowed:
        return pa.array(list(column.allowed)).take(
            pa.array(rng.integers(0, len(column.allowed), rows))
        )
    if kind == "boolean":
        return pa.array(rng.random(rows) < 0.5)
    if kind in ("integer", "number"):
        low, high = column.minimum or 0, column.maximum or 1_000
        return pa.array(rng.integers(int(low), max(int(high), 1) + 1, rows))
    if column.name in table.key:
        return pa.array(np.arange(rows)).cast(pa.string())
    return pa.array(np.array(["a", "b", "c"])).take(pa.array(rng.integers(0, 3, rows)))


if __name__ == "__main__":
    sys.exit(main())
