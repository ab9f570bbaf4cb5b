"""Rows that give an address and no ward: placed where the address is certain, else refused."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ioc_analytics.contracts import Table
from ioc_analytics.lake.addresses import resolve_addresses
from ioc_analytics.lake.checks import Problem
from ioc_analytics.places import WARDS_UNTIL, places

__all__ = ["place_by_address"]

_ADDRESS = "address"
_FLAG = "location from address"


def place_by_address(table: Table, rows: pa.Table) -> tuple[pa.Table, list[Problem]]:
    """Fill the place of rows that have none from their address.

    Parameters
    ----------
    table : Table
        The contract; one without a column `address` is left alone.
    rows : pyarrow.Table
        All columns typed, `_line` and `_flags`.

    Returns
    -------
    rows : pyarrow.Table
        A row placed so is flagged “location from address”.
    problems : list of Problem
        Where the place is required: rows whose address leaves it open, with the wards it can mean.
    """
    place = table.place
    if place is None or _ADDRESS not in rows.column_names:
        return rows, []
    open_ = pc.and_(pc.is_null(rows[place]), pc.is_valid(rows[_ADDRESS]))
    numbers = np.flatnonzero(open_.to_numpy())
    if not len(numbers):
        return rows, []
    found = _resolved(table, rows.select([_ADDRESS, *filter(None, [table.date])]).take(numbers))
    found["row"] = numbers
    sure = found.dropna(subset="location")
    rows = _with(rows, place, sure["row"], sure["location"])
    rows = _with(rows, "_flags", sure["row"], _flagged(rows["_flags"].take(sure["row"].to_numpy())))
    if not table.column(place).required:
        return rows, []
    left = found[found["location"].isna()]
    lines = rows["_line"].take(left["row"].to_numpy()).to_pylist()
    return rows, [
        Problem(int(row), line, place, "", _why(reason, candidates))
        for row, line, reason, candidates in zip(
            left["row"], lines, left["reason"], left["candidates"], strict=True
        )
    ]


def _resolved(table: Table, rows: pa.Table) -> pd.DataFrame:
    """Resolve addresses by the wards of their day: the 34, or the 12 since 1/7/2025."""
    texts = pd.Series(rows[_ADDRESS].to_pylist(), dtype=object)
    if table.date is None:
        return resolve_addresses(texts)
    late = pc.greater(rows[table.date].cast(pa.date32()), pa.scalar(WARDS_UNTIL))
    is_late = pc.fill_null(late, False).to_numpy()
    new = WARDS_UNTIL + dt.timedelta(days=1)
    parts = [resolve_addresses(texts[~is_late]), resolve_addresses(texts[is_late], new)]
    return pd.concat([part for part in parts if len(part)]).sort_index()


def _with(rows: pa.Table, name: str, numbers: pd.Series, values: pd.Series) -> pa.Table:
    """Return rows with some cells of a text column replaced."""
    cells = rows[name].to_numpy(zero_copy_only=False).astype(object)
    cells[numbers.to_numpy()] = values.to_numpy()
    at = rows.schema.get_field_index(name)
    return rows.set_column(at, name, pa.array(cells, pa.string()))


def _flagged(flags: pa.ChunkedArray) -> pd.Series:
    return pd.Series([f"{f}; {_FLAG}" if f else _FLAG for f in flags.to_pylist()], dtype=object)


def _why(reason: str, candidates: tuple[str, ...]) -> str:
    """Say why an address is not certain, with the wards that it can mean."""
    named = ", ".join(f"{places()[code].name_vi} {code}" for code in candidates)
    return f"is missing, and the address leaves it open: {reason}{named and f' ({named})'}"
