"""Typed rows against their contract: which rows are refused, in which column, and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ioc_analytics.contracts import Table
from ioc_analytics.errors import IngestError
from ioc_analytics.places import find_places, places, ward_codes

__all__ = ["Problem", "check_rows", "require_wards"]

_EARLIEST = dt.date(1900, 1, 1)  # before any record of the city's systems


@dataclass(frozen=True)
class Problem:
    """Why a row is refused; `row` is None for a line that could not be split into cells."""

    row: int | None
    line: int
    column: str
    value: str
    reason: str


def check_rows(
    table: Table, rows: pa.Table, known_on: dt.date, reported: list[Problem]
) -> list[Problem]:
    """Return what is wrong with typed rows beyond the cells that were already reported.

    Parameters
    ----------
    table : Table
        The contract.
    rows : pyarrow.Table
        All columns of the contract, typed, and `_line`.
    known_on : date
        The day on which the rows became known; a row of a later day is refused.
    reported : list of Problem
        Cells that could not be read; their columns are not reported again.

    Returns
    -------
    list of Problem
        Missing and out-of-range values, names that contradict codes, repeated keys.
    """
    failures = _schema_failures(table, rows)
    if table.date:
        failures += _date_failures(table, table.date, rows, known_on)
    failures += _name_failures(table, rows) + _key_failures(table, rows)
    return _as_problems(failures, rows, reported)


def _date_failures(
    table: Table, date: str, rows: pa.Table, known_on: dt.date
) -> list[tuple[int, str, str]]:
    """Find rows too early to be true, or not over when they became known."""
    days = rows[date].cast(pa.date32())  # a time of day does not matter
    week = table.column(date).kind == "week"
    latest = known_on - dt.timedelta(days=6 if week else 0)
    what = "starts a week that ends" if week else "lies"
    known = f"{what} after {known_on}, the day on which it became known"
    reasons = [
        (pc.greater(days, pa.scalar(latest)), known),
        (pc.less(days, pa.scalar(_EARLIEST)), f"lies before {_EARLIEST}; is the year mistyped?"),
    ]
    return [
        (int(i), date, why)
        for wrong, why in reasons
        for i in np.flatnonzero(pc.fill_null(wrong, False).to_numpy())
    ]


def _schema(table: Table) -> Any:
    """Compile a table's contract to a pandera schema (slow to import, so only here)."""
    import pandera.pandas as pandera

    columns = {}
    for column in table.columns:
        checks = []
        if column.minimum is not None and not column.negatives_flagged:
            checks.append(pandera.Check.ge(column.minimum, error=f"is below {column.minimum:g}"))
        if column.maximum is not None:
            checks.append(pandera.Check.le(column.maximum, error=f"is above {column.maximum:g}"))
        needed = column.required or column.name in table.key
        if checks or needed:
            columns[column.name] = pandera.Column(None, checks, nullable=not needed)
    return pandera.DataFrameSchema(columns)


def _schema_failures(table: Table, rows: pa.Table) -> list[tuple[int, str, str]]:
    import pandera.errors

    schema = _schema(table)
    try:
        schema.validate(_as_frame(rows, [*schema.columns]), lazy=True)
    except pandera.errors.SchemaErrors as failed:
        cases = failed.failure_cases
        return [
            (int(row), str(column), "is missing" if check == "not_nullable" else str(check))
            for row, column, check in zip(
                cases["index"], cases["column"], cases["check"], strict=True
            )
        ]
    return []


def _as_frame(rows: pa.Table, columns: list[str]) -> pd.DataFrame:
    """Return columns for pandas; texts as categories, for the same few stand in many rows."""
    return rows.select(columns).to_pandas(date_as_object=False, strings_to_categorical=True)


def _name_failures(table: Table, rows: pa.Table) -> list[tuple[int, str, str]]:
    """Find rows whose place name is not the name of the place that their code means."""
    failures: list[tuple[int, str, str]] = []
    place = next((c.name for c in table.columns if c.kind == "place"), None)
    for column in table.columns:
        if not column.names_place or place is None:
            continue
        pairs = rows.select([place, column.name]).group_by([place, column.name]).aggregate([])
        for code, name in zip(*(pairs[c].to_pylist() for c in (place, column.name)), strict=True):
            if code and name and places()[code] not in find_places(name, places()[code].level):
                why = f"is not the name of {code} ({places()[code].name_vi})"
                here = pc.and_(pc.equal(rows[place], code), pc.equal(rows[column.name], name))
                rows_here = np.flatnonzero(pc.fill_null(here, False).to_numpy())
                failures += [(int(i), column.name, why) for i in rows_here]
    return failures


def _key_failures(table: Table, rows: pa.Table) -> list[tuple[int, str, str]]:
    """Find rows that share a key: repeats of one line, or lines that contradict each other."""
    key = list(table.key)
    if len(key) == 1 and pc.count_distinct(rows[key[0]]).as_py() == pc.count(rows[key[0]]).as_py():
        return []
    keys = _as_frame(rows, key)
    numbers = np.flatnonzero(keys.duplicated(keep=False) & keys.notna().all(axis=1))
    stored = [c.name for c in table.stored]
    shared = rows.select(stored).take(numbers).to_pandas(date_as_object=False)
    lines = rows["_line"].take(numbers).to_numpy()
    named = ", ".join(key)
    failures: list[tuple[int, str, str]] = []
    for group in shared.groupby(key, sort=False).indices.values():
        if (~shared.iloc[group].duplicated()).sum() == 1:
            why = f"repeats line {lines[group[0]]} ({named})"
            failures += [(int(i), key[0], why) for i in numbers[group[1:]]]
        else:
            others = ", ".join(map(str, lines[group[:5]]))
            why = f"stands with different values in lines {others} (same {named})"
            failures += [(int(i), key[0], why) for i in numbers[group]]
    return failures


def _as_problems(
    failures: list[tuple[int, str, str]], rows: pa.Table, reported: list[Problem]
) -> list[Problem]:
    """Give failures their line and value; a cell that was already reported is not repeated."""
    seen = {(p.row, p.column) for p in reported}
    problems = []
    for row, column, why in failures:
        if (row, column) not in seen:
            value = rows[column][row].as_py()
            text = "" if value is None else str(value)
            problems.append(Problem(row, rows["_line"][row].as_py(), column, text, why))
    return problems


def require_wards(table: Table, rows: pa.Table, problems: list[Problem], file: str) -> None:
    """Refuse a file that must state every ward, by the names of the wards that are wrong."""
    codes = rows["ward_code"].to_pylist()
    if problems:
        names = [
            places()[codes[p.row]].name_vi if p.row is not None and codes[p.row] else ""
            for p in problems[:5]
        ]
        first = "; ".join(
            f"line {p.line}{f' ({name})' if name else ''}, {p.column} “{p.value[:60]}” {p.reason}"
            for p, name in zip(problems, names, strict=False)
        )
        raise IngestError(f"{file}: {table.name} must be right as a whole. {first}.")
    absent = [places()[c].name_vi for c in ward_codes() if c not in codes]
    if absent:
        raise IngestError(f"{file}: {len(absent)} wards are missing: {', '.join(absent)}.")
