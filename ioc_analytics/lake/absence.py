"""Days without a row: missing, unless the sender says that absence means zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ioc_analytics.contracts import Table

__all__ = ["absent_as_zero", "count_columns", "gap_hints"]


def count_columns(table: Table) -> list[str]:
    """Return the columns of counts by day and place, of which absence could mean 0."""
    if table.date is None or "location" not in table.key:
        return []
    return [c.name for c in table.stored if c.kind == "integer" and c.negatives_flagged]


def absent_as_zero(table: Table, rows: pa.Table, unread: pa.Table) -> pa.Table:
    """Add rows of 0 for the days between the file's first and last on which a place has none.

    Not for a day and place that a refused row may have stated.
    """
    if not rows.num_rows:
        return rows
    key = [str(table.date), "location"]
    frame = rows.select(key).to_pandas(date_as_object=False)
    days = pd.date_range(frame[table.date].min(), frame[table.date].max())
    grid = pd.MultiIndex.from_product([days, frame["location"].unique()], names=key)
    gaps = grid.difference(pd.MultiIndex.from_frame(frame))
    stated = unread.select(key).to_pandas(date_as_object=False).drop_duplicates()
    gaps = gaps.difference(pd.MultiIndex.from_frame(stated.dropna()))
    for part in stated[stated.isna().any(axis=1)].to_dict("records"):
        could = np.ones(len(gaps), dtype=bool)
        for name, value in part.items():
            could &= pd.isna(value) | (gaps.get_level_values(str(name)) == value)
        gaps = gaps[~could]
    counted = [c for c in count_columns(table) if rows[c].null_count < rows.num_rows]
    columns: dict[str, Any] = {
        str(table.date): pa.array(gaps.get_level_values(0)).cast(pa.date32()),
        "location": pa.array(gaps.get_level_values(1), pa.string()),
        **{c: pa.repeat(pa.scalar(0, pa.int64()), len(gaps)) for c in counted},
        "_flags": pa.repeat(pa.scalar("absent=0"), len(gaps)),
    }
    added = [columns.get(f.name, pa.nulls(len(gaps), f.type)) for f in rows.schema]
    return pa.concat_tables([rows, pa.table(added, schema=rows.schema)])


def gap_hints(table: Table, rows: pa.Table) -> tuple[str, ...]:
    """Say when a file of counts has gaps and no zero: absence may mean 0, only the sender knows."""
    if not count_columns(table) or rows.num_rows < 2:
        return ()
    counts = rows[count_columns(table)[0]]
    days = rows[table.date]
    span = (pc.max(days).as_py() - pc.min(days).as_py()).days + 1
    gaps = span * len(pc.unique(rows["location"])) - rows.num_rows
    if gaps > 0 and not pc.any(pc.equal(counts, 0)).as_py():
        return (
            f"{gaps} pairs of day and place between the first and last day have no row, and no row "
            "says 0; they count as "
            "“no data”. If the sender leaves out days without cases, ingest with --absent zero.",
        )
    return ()
