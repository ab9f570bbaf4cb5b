"""What is wrong with a simulated frame beside the contract of its table."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pandas as pd

from ioc_analytics import sectors
from ioc_analytics.contracts import Column
from ioc_analytics.twin.world import World


def faults(name: str, frame: pd.DataFrame, world: World) -> list[str]:
    """Return one sentence for each fault: columns, missing keys, values, revisions, days, laws."""
    table = sectors.table(name)
    expected = {c.name for c in table.columns if not c.names_place} | {"_known"}
    if set(frame.columns) != expected:
        return [f"columns differ by {set(frame.columns) ^ expected}"]
    found = [f for c in table.columns if c.name in frame for f in _wrong(c, frame[c.name])]
    found += [f"{c} is missing in a key" for c in table.key if frame[c].isna().any()]
    if frame.duplicated([*table.key, "_known"]).any():
        found.append("a key has two revisions of one day")
    if (frame["_known"] > world.end).any():
        found.append("rows are known after the last day")
    if table.date and (frame["_known"] < frame[table.date]).any():
        found.append("rows are known before they happen")
    for identity in table.identities:
        query = f"select count(*) from frame where not ({identity.law})"
        if duckdb.query(query).fetchall() != [(0,)]:
            found.append(f"rows break {identity.law}")
    return found


def newest(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the newest revision of each key."""
    key = list(sectors.table(name).key)
    return frame.sort_values("_known", kind="stable").drop_duplicates(key, keep="last")


def _wrong(column: Column, values: pd.Series) -> Iterator[str]:
    if column.required and values.isna().any():
        yield f"{column.name} is missing"
    if column.allowed and not values.dropna().isin(list(column.allowed)).all():
        yield f"{column.name} holds values that are not allowed"
    if column.minimum is not None and (values < column.minimum).any():
        yield f"{column.name} is below {column.minimum}"
    if column.maximum is not None and (values > column.maximum).any():
        yield f"{column.name} is above {column.maximum}"
