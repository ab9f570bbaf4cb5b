"""A file goes in: checked rows are appended, refused ones are kept with their reason."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ioc_analytics import sectors
from ioc_analytics.contracts import Column, Table, fold, nearest
from ioc_analytics.errors import ContractError, IngestError
from ioc_analytics.lake.cells import parse_cells, take_text
from ioc_analytics.lake.readers import RawTable, read_bytes, read_raw
from ioc_analytics.lake.store import Store, arrow_schema, arrow_type
from ioc_analytics.sectors.geography import find_places, places, ward_codes

__all__ = ["IngestReport", "ingest_file"]


@dataclass(frozen=True)
class IngestReport:
    """What became of a file's rows.

    `read = stored + unchanged + rejected` (rows that `absent="zero"` fills in come on top of
    `read`, as `filled`); `closed` rows vanished from a snapshot; `flagged` ones are kept with a
    mark; `already` tells that this very file was taken in before and nothing was done.
    """

    table: str
    file: str
    as_of: dt.date
    already: bool = False
    read: int = 0
    filled: int = 0
    stored: int = 0
    unchanged: int = 0
    closed: int = 0
    flagged: int = 0
    rejected: int = 0
    rejects: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    hints: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the report as one readable sentence."""
        if self.already:
            return f"{self.file}: already in {self.table}, nothing to do."
        parts = [f"{self.stored} rows stored"]
        parts += [
            f"{count} {what}"
            for count, what in (
                (self.filled, "of absent days filled with 0"),
                (self.unchanged, "already known"),
                (self.closed, "closed because the file no longer has them"),
                (self.flagged, "flagged"),
                (self.rejected, "rejected"),
            )
            if count
        ]
        known = f"as known on {self.as_of.isoformat()}"
        return f"{self.file} → {self.table}, {known}: {', '.join(parts)}."


def ingest_file(
    store: Store,
    path: str | Path,
    table: str,
    *,
    as_of: str | dt.date | None = None,
    mode: str | None = None,
    set_columns: Mapping[str, str] | None = None,
    ignore: Sequence[str] = (),
    absent: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    simulated: bool = False,
) -> IngestReport:
    """Take a CSV, XLSX, Parquet or GeoJSON file into a table of the lake.

    Parameters
    ----------
    store : Store
        The lake.
    path : str or Path
        The export, as the system wrote it.
    table : str
        Name of the table, such as "epidemic.cases_daily".
    as_of : date or ISO text, optional
        Day on which the city knew this; default today. A row dated after it is rejected.
    mode : {"append", "snapshot"}, optional
        "snapshot": the file states all rows for the days and places it spans; known rows that it
        lacks are closed. Default: what the table declares.
    set_columns : mapping, optional
        Values for columns that the file lacks, such as ``{"location": "79"}``.
    ignore : sequence of str, optional
        Headers to leave out. Any other header that the table does not know is an error.
    absent : {"zero"}, optional
        The file writes no row for a day without events: for each place it names, the days between
        its first and last date that have no row are stored as 0, flagged `absent=0`.
    encoding, decimal : str, optional
        See `read_raw` and `parse_cells`.
    simulated : bool
        Marks the rows as made up; pages that show them say so.

    Returns
    -------
    IngestReport

    Raises
    ------
    ContractError
        Unknown table or column, or a column that the table requires is missing.
    IngestError
        The file as a whole cannot be taken in. Nothing was stored.

    Notes
    -----
    One commit: rejects are written first under the ingest's id, then the data. The same file with
    the same options is a no-op, also when two processes start it at once.
    """
    contract = sectors.table(table)
    path = Path(path)
    known_on = _known_on(as_of)
    data = read_bytes(path)
    options = {
        "set": dict(set_columns or {}),
        "ignore": sorted(ignore),
        "absent": absent,
        "mode": mode or ("snapshot" if contract.whole else "append"),
        "simulated": simulated,
        "as_of": known_on.isoformat() if as_of else None,
    }
    _require_options(contract, options)
    digest = hashlib.sha256(data).hexdigest()
    ingest_id = hashlib.sha256(f"{digest}{json.dumps(options, sort_keys=True)}".encode()).hexdigest()
    if store.has_ingest(contract, ingest_id):
        return IngestReport(contract.name, path.name, known_on, already=True)

    raw = read_raw(path, data, lambda h: contract.match_header(h) is not None, encoding)
    rows, problems = _typed_rows(contract, raw, options, decimal, path.name)
    problems += _as_problems(_check_rows(contract, rows, known_on), rows, problems)
    good = np.ones(rows.num_rows, dtype=bool)
    good[[p.row for p in problems if p.row is not None]] = False
    if contract.requires_all_wards:
        _require_wards(contract, rows, problems, path.name)
    kept = rows.filter(pa.array(good))
    filled = _absent_as_zero(contract, kept) if absent else kept
    rejects = _reject_frame(problems, contract, ingest_id, path.name, known_on)
    if len(rejects):
        store.write_rejects(ingest_id, pa.Table.from_pandas(rejects, preserve_index=False))
    rejected = int((~good).sum()) + len(raw.broken)
    done = store.append(
        contract,
        filled,
        as_of=known_on,
        ingest_id=ingest_id,
        snapshot=options["mode"] == "snapshot",
        simulated=simulated,
        metadata={
            "ingest_id": ingest_id,
            "file": path.name,
            "sha256": digest,
            "as_of": known_on.isoformat(),
            "simulated": str(simulated),
            "rejected": str(rejected),
        },
    )
    return IngestReport(
        contract.name,
        path.name,
        known_on,
        already=done.already,
        read=len(raw.lines) + len(raw.broken),
        filled=filled.num_rows - kept.num_rows,
        stored=done.written,
        unchanged=done.unchanged,
        closed=done.closed,
        flagged=kept.num_rows - kept["_flags"].null_count,
        rejected=rejected,
        rejects=rejects,
        hints=_hints(contract, kept, absent),
    )


# -- options and columns ------------------------------------------------------------------------


def _known_on(as_of: str | dt.date | None) -> dt.date:
    today = dt.date.today()
    try:
        day = today if as_of is None else dt.date.fromisoformat(str(as_of)[:10])
    except ValueError:
        raise IngestError(f"--as-of takes a day such as 2021-10-23, not “{as_of}”.") from None
    if day > today:
        raise IngestError(f"--as-of {day.isoformat()} lies in the future.")
    return day


def _require_options(table: Table, options: Mapping[str, Any]) -> None:
    if options["mode"] not in ("append", "snapshot"):
        raise IngestError(f"mode is “append” or “snapshot”, not “{options['mode']}”.")
    if options["absent"] not in (None, "zero"):
        raise IngestError(f"absent is “zero” or nothing, not “{options['absent']}”.")
    if options["absent"] and not _counts(table):
        raise IngestError(f"{table.name} has no counts by day and place that absence could mean 0 for.")
    for name in options["set"]:
        table.column(name)


def _match_columns(
    table: Table, raw: RawTable, options: Mapping[str, Any], file: str
) -> dict[str, tuple[Column, str | None]]:
    """Return for each header of the file its column and the level of place that it names."""
    matched: dict[str, tuple[Column, str | None]] = {}
    unknown = []
    for header in raw.columns:
        column = table.match_header(header)
        if header in options["ignore"]:
            continue
        if column is None:
            unknown.append(header)
        elif column.name in [c.name for c, _ in matched.values()]:
            raise ContractError(
                f"{file}: two columns mean {table.name}.{column.name}; leave one out with "
                f"--ignore “{header}”."
            )
        else:
            matched[header] = (column, _header_level(column, header))
    if unknown:
        known = [h for c in table.columns for h in (c.name, c.vi)]
        raise ContractError(
            f"{file}: {table.name} knows no column “{unknown[0]}”{nearest(unknown[0], known)}; "
            f"rename it, or leave it out with --ignore “{unknown[0]}”."
        )
    present = {c.name for c, _ in matched.values()} | set(options["set"])
    for column in table.columns:
        if (column.required or column.name in table.key) and column.name not in present:
            raise ContractError(
                f"{file} has no column {column.name} (“{column.vi}”), which {table.name} needs; "
                f"if all rows share one value: --set {column.name}=VALUE."
            )
    return matched


def _header_level(column: Column, header: str) -> str | None:
    return next((lv for h, lv in column.place_level.items() if fold(h) == fold(header)), None)


# -- rows ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Problem:
    """Why a row is refused; `row` is None for a line that could not be split into cells."""

    row: int | None
    line: int
    column: str
    value: str
    reason: str


def _typed_rows(
    table: Table, raw: RawTable, options: Mapping[str, Any], decimal: str | None, file: str
) -> tuple[pa.Table, list[_Problem]]:
    """Return all rows typed (null where unreadable) and the cells that could not be read."""
    n = len(raw.lines)
    problems = [_Problem(None, line, "", text, why) for line, text, why in raw.broken]
    typed: dict[str, pa.Array] = {}
    for header, (column, level) in _match_columns(table, raw, options, file).items():
        cells = parse_cells(column, raw.columns[header], level=level, decimal=decimal)
        typed[column.name] = cells.values
        problems += [
            _Problem(i, int(raw.lines[i]), column.name, take_text(raw.columns[header], i), why)
            for i, why in cells.reasons.items()
        ]
    for name, text in options["set"].items():
        if name in typed:
            raise IngestError(f"{file} has a column {name} of its own; do not --set it.")
        cell = parse_cells(table.column(name), [text])
        if cell.reasons:
            raise IngestError(f"--set {name}={text}: “{text}” {cell.reasons[0]}.")
        typed[name] = pa.repeat(cell.values[0], n)
    for column in table.columns:
        typed.setdefault(column.name, pa.nulls(n, arrow_type(column)))
    typed["_line"] = pa.array(raw.lines)
    typed["_flags"] = _flags(table, typed)
    return pa.table(typed), problems


def _flags(table: Table, typed: Mapping[str, pa.Array]) -> pa.Array:
    """Mark negative values of columns in which they are corrections of earlier reports."""
    flags = pa.nulls(len(typed["_line"]), pa.string())
    for column in table.columns:
        if column.negatives_flagged:
            negative = pc.fill_null(pc.less(typed[column.name], 0), False)
            mark = pa.scalar(f"negative {column.name}")
            both = pc.binary_join_element_wise(flags, mark, "; ", null_handling="skip")
            flags = pc.if_else(negative, both, flags)
    return flags


def _check_rows(table: Table, rows: pa.Table, known_on: dt.date) -> list[tuple[int, str, str]]:
    """Check typed rows against the contract; return (row, column, reason) of each failure."""
    frame = rows.drop_columns(["_line", "_flags"]).to_pandas(date_as_object=False)
    failures = _schema_failures(table, frame)
    if table.date:
        late = pc.fill_null(pc.greater(rows[table.date], pa.scalar(known_on)), False)
        why = f"lies after {known_on.isoformat()}, the day on which it became known"
        failures += [(int(i), table.date, why) for i in np.flatnonzero(late.to_numpy())]
    failures += _name_failures(table, rows)
    return failures + _key_failures(table, frame, rows["_line"].to_numpy())


@cache
def _schema(table: str) -> Any:
    """Compile a table's contract to a pandera schema (slow to import, so only here)."""
    import pandera.pandas as pandera

    columns = {}
    for column in sectors.table(table).columns:
        checks = []
        if column.minimum is not None and not column.negatives_flagged:
            checks.append(pandera.Check.ge(column.minimum, error=f"is below {column.minimum:g}"))
        if column.maximum is not None:
            checks.append(pandera.Check.le(column.maximum, error=f"is above {column.maximum:g}"))
        if column.allowed:
            one_of = ", ".join(column.allowed)
            checks.append(pandera.Check.isin(column.allowed, error=f"is not one of: {one_of}"))
        needed = column.required or column.name in sectors.table(table).key
        columns[column.name] = pandera.Column(None, checks, nullable=not needed)
    return pandera.DataFrameSchema(columns)


def _schema_failures(table: Table, frame: pd.DataFrame) -> list[tuple[int, str, str]]:
    import pandera.errors

    try:
        _schema(table.name).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as failed:
        cases = failed.failure_cases
        return [
            (int(row), str(column), "is missing" if check == "not_nullable" else str(check))
            for row, column, check in zip(
                cases["index"], cases["column"], cases["check"], strict=True
            )
        ]
    return []


def _name_failures(table: Table, rows: pa.Table) -> list[tuple[int, str, str]]:
    """Find rows whose place name is not the name of the place that their code means."""
    failures: list[tuple[int, str, str]] = []
    place = next((c.name for c in table.columns if c.kind == "place"), None)
    for column in table.columns:
        if not column.names_place or place is None:
            continue
        pairs = pd.DataFrame({"code": rows[place].to_pandas(), "name": rows[column.name].to_pandas()})
        for (code, name), group in pairs.dropna().groupby(["code", "name"]):
            if places()[code] not in find_places(name):
                why = f"is not the name of {code} ({places()[code].name_vi})"
                failures += [(int(i), column.name, why) for i in group.index]
    return failures


def _key_failures(
    table: Table, frame: pd.DataFrame, lines: np.ndarray[Any, Any]
) -> list[tuple[int, str, str]]:
    """Find rows that share a key: repeats of one line, or lines that contradict each other."""
    key = list(table.key)
    shared = frame[frame.duplicated(key, keep=False) & frame[key].notna().all(axis=1)]
    failures: list[tuple[int, str, str]] = []
    named = ", ".join(key)
    for _, group in shared.groupby(key, sort=False):
        first = group.index[0]
        if len(group.drop_duplicates()) == 1:
            why = f"repeats line {lines[first]} ({named})"
            failures += [(int(i), key[0], why) for i in group.index[1:]]
        else:
            others = ", ".join(str(lines[i]) for i in group.index[:5])
            why = f"stands with different values in lines {others} (same {named})"
            failures += [(int(i), key[0], why) for i in group.index]
    return failures


def _as_problems(
    failures: list[tuple[int, str, str]], rows: pa.Table, reported: list[_Problem]
) -> list[_Problem]:
    """Give failures their line and value; a cell that was already reported is not repeated."""
    seen = {(p.row, p.column) for p in reported}
    problems = []
    for row, column, why in failures:
        if (row, column) not in seen:
            value = rows[column][row].as_py()
            text = "" if value is None else str(value)
            problems.append(_Problem(row, rows["_line"][row].as_py(), column, text, why))
    return problems


def _reject_frame(
    problems: list[_Problem], table: Table, ingest_id: str, file: str, known_on: dt.date
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ingest_id": ingest_id,
            "table": table.name,
            "file": file,
            "line": np.array([p.line for p in problems], dtype=np.int64),
            "column": [p.column for p in problems],
            "value": [p.value for p in problems],
            "reason": [p.reason for p in problems],
            "as_of": known_on,
        }
    ).sort_values(["line", "column"], ignore_index=True)


# -- whole tables and counts ---------------------------------------------------------------------


def _require_wards(
    table: Table, rows: pa.Table, problems: list[_Problem], file: str
) -> None:
    """Refuse a file that must state every ward, by the names of the wards that are wrong."""
    if problems:
        first = "; ".join(
            f"line {p.line}, {p.column} “{p.value[:60]}” {p.reason}" for p in problems[:5]
        )
        raise IngestError(f"{file}: {table.name} must be right as a whole. {first}.")
    absent = [places()[c].name_vi for c in ward_codes() if c not in rows["ward_code"].to_pylist()]
    if absent:
        raise IngestError(f"{file}: {len(absent)} wards are missing: {', '.join(absent)}.")


def _counts(table: Table) -> list[str]:
    if table.date is None or "location" not in table.key:
        return []
    return [c.name for c in table.stored if c.kind == "integer" and c.negatives_flagged]


def _absent_as_zero(table: Table, rows: pa.Table) -> pa.Table:
    """Add rows of 0 for the days between the file's first and last on which a place has none."""
    if not rows.num_rows:
        return rows
    frame = rows.select([str(table.date), "location"]).to_pandas(date_as_object=False)
    days = pd.date_range(frame[table.date].min(), frame[table.date].max())
    grid = pd.MultiIndex.from_product([days, frame["location"].unique()])
    gaps = grid.difference(pd.MultiIndex.from_frame(frame))
    counted = [c for c in _counts(table) if rows[c].null_count < rows.num_rows]
    columns: dict[str, Any] = {
        str(table.date): pa.array(gaps.get_level_values(0)).cast(pa.date32()),
        "location": pa.array(gaps.get_level_values(1), pa.string()),
        **{c: pa.repeat(pa.scalar(0, pa.int64()), len(gaps)) for c in counted},
        "_flags": pa.repeat(pa.scalar("absent=0"), len(gaps)),
    }
    added = [columns.get(f.name, pa.nulls(len(gaps), f.type)) for f in rows.schema]
    return pa.concat_tables([rows, pa.table(added, schema=rows.schema)])


def _hints(table: Table, rows: pa.Table, absent: str | None) -> tuple[str, ...]:
    """Say when a file of counts has gaps and no zero: absence may mean 0, only the sender knows."""
    if absent or not _counts(table) or rows.num_rows < 2:
        return ()
    counts = rows[_counts(table)[0]]
    days = rows[table.date]
    span = (pc.max(days).as_py() - pc.min(days).as_py()).days + 1
    gaps = span * len(pc.unique(rows["location"])) - rows.num_rows
    if gaps > 0 and not pc.any(pc.equal(counts, 0)).as_py():
        return (
            f"{gaps} days between the first and last have no row and no row says 0; they count as "
            "“no data”. If the sender leaves out days without cases, ingest with --absent zero.",
        )
    return ()
