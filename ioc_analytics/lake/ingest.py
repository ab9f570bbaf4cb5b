"""A file goes in: checked rows are appended, refused ones are kept with their reason."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ioc_analytics import sectors
from ioc_analytics.contracts import Column, Table
from ioc_analytics.errors import IngestError
from ioc_analytics.lake.absence import absent_as_zero, count_columns, gap_hints
from ioc_analytics.lake.cells import Cells, parse_cells, take_text
from ioc_analytics.lake.checks import Problem, check_rows, require_wards
from ioc_analytics.lake.crosswalk import place_by_date
from ioc_analytics.lake.headers import match_columns
from ioc_analytics.lake.placement import place_by_address
from ioc_analytics.lake.privacy import hide_problems, needs_care, protect, secret_rows
from ioc_analytics.lake.readers import Raw, RawTable, read_bytes, read_raw
from ioc_analytics.lake.revisions import arrow_type
from ioc_analytics.lake.store import Store
from ioc_analytics.places import WARDS_UNTIL

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
            return (
                f"{self.file}: this content is already in {self.table}, nothing to do "
                "(to state it anew for another day, give that day as --as-of)."
            )
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
    crs: str | None = None,
    layer: str | None = None,
    simulated: bool = False,
    covers: tuple[str | dt.date, str | dt.date] | None = None,
) -> IngestReport:
    r"""Take a CSV, XLSX, Parquet or GeoJSON file into a table of the lake.

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
        the file's first and last date that have no row are stored as 0, flagged `absent=0`.
    encoding, decimal : str, optional
        See `read_raw` and `parse_cells`.
    simulated : bool
        Marks the rows as made up; pages that show them say so.
    crs, layer : str, optional
        Of geographic files: the reference system where the file does not state it ("EPSG:9210"),
        and which layer of several; see `read_raw`.
    covers : (first day, last day), optional
        For a table of events: the days of which the file states every event, so that a place
        without row had none. Default: from its first to its last row. With ``set_columns`` for
        the place, only that place is covered.

    Returns
    -------
    IngestReport

    Raises
    ------
    ContractError
        Unknown table or column, or a column that the table requires is missing.
    IngestError
        The file as a whole cannot be taken in. Nothing was stored.
    LakeError
        The key for pseudonyms is missing or wrong (see `lake.privacy`).

    Notes
    -----
    One commit: rejects are written first under the ingest's id, then the data. The same content
    with the same options is a no-op, also under another name and also when two processes start it
    at once. To state old content anew for a later day, give that day as `as_of`.

    What tells of a person goes no further than the contract allows: pseudonyms take the place of
    values, free text is redacted, secret rows are refused, and no reject holds such a value.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> export = Path(folder.name, "ca.csv")
    >>> _ = export.write_text("Ngày;Phường;Số ca mới\n31/7/2021;Linh Xuân;1.234\n1/8/2021;?;5")
    >>> report = ingest_file(Store(folder.name), export, "epidemic.cases_daily", as_of="2021-08-02")
    >>> print(report)
    ca.csv → epidemic.cases_daily, as known on 2021-08-02: 1 rows stored, 1 rejected.
    >>> report.rejects[["line", "column", "value", "reason"]].to_numpy().tolist()
    [[3, 'location', '?', 'is not a known ward']]
    >>> folder.cleanup()
    """
    contract = sectors.table(table)
    known_on = _known_on(as_of)
    options = {
        "set": dict(set_columns or {}),
        "ignore": sorted(ignore),
        "absent": absent,
        "mode": mode or ("snapshot" if contract.whole else "append"),
        "simulated": simulated,
        "as_of": str(known_on) if as_of else None,
        "encoding": encoding,
        "decimal": decimal,
    }
    options |= {name: said for name, said in (("crs", crs), ("layer", layer)) if said}
    _require_options(contract, options)
    span = _span(contract, covers, known_on)
    if span:
        options["covers"] = [day.isoformat() for day in span]
    job = _Job(contract, Path(path).name, known_on, read_bytes(Path(path)), options)
    if store.has_ingest(contract, job.ingest_id):
        return _already(store, job)
    rows, unread, report = _checked(store, job)
    if len(report.rejects):
        rejects = pa.Table.from_pandas(report.rejects, preserve_index=False)
        store.write_rejects(job.ingest_id, rejects)
    only = _only_place(contract, rows, set_columns or {})
    done = store.append(
        contract,
        rows,
        as_of=known_on,
        ingest_id=job.ingest_id,
        snapshot=options["mode"] == "snapshot",
        simulated=simulated,
        unread=unread,
        covers=span if rows.num_rows else None,
        covers_place=only,
        metadata=job.metadata(report.rejected),
    )
    if done.already:  # another process took the same file in meanwhile
        return _already(store, job)
    return replace(report, stored=done.written, unchanged=done.unchanged, closed=done.closed)


def _already(store: Store, job: _Job) -> IngestReport:
    """Return the report of a file that was taken in before, with what was refused then."""
    past = store.history(job.table.name)
    refused = int(past.loc[past["ingest_id"] == job.ingest_id, "rejected"].sum())
    hints = (f"{refused} of its rows were rejected then; see: ioc rejects.",) if refused else ()
    return IngestReport(job.table.name, job.file, job.known_on, already=True, hints=hints)


@dataclass(frozen=True)
class _Job:
    """One file on its way into one table."""

    table: Table
    file: str
    known_on: dt.date
    data: bytes
    options: Mapping[str, Any]

    @cached_property
    def sha256(self) -> str:
        """The content's digest."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def ingest_id(self) -> str:
        """Content and options, not the file's name: a renamed copy is the same file."""
        identity = f"{self.sha256}{json.dumps(self.options, sort_keys=True)}"
        return hashlib.sha256(identity.encode()).hexdigest()

    def metadata(self, rejected: int) -> dict[str, str]:
        """Return what the commit keeps and `Store.history` shows."""
        return {
            "ingest_id": self.ingest_id,
            "file": self.file,
            "sha256": self.sha256,
            "as_of": self.known_on.isoformat(),
            "simulated": str(self.options["simulated"]),
            "rejected": str(rejected),
        }


def _checked(store: Store, job: _Job) -> tuple[pa.Table, pa.Table, IngestReport]:
    """Return the rows to store, the keys of the refused ones, and the report so far."""
    table, absent = job.table, job.options["absent"]
    raw = _raw(job)
    rows, unstated, problems = _typed_rows(table, raw, job.options, job.file)
    secret = secret_rows(_marks(table, raw, rows, job.options))
    careful, unsplit = needs_care(table, raw.columns), len(raw.broken)
    converted = (f"{raw.placed}.",) if raw.placed and not raw.placed.exact else ()
    del raw  # a large file is held only once
    for settle in (place_by_date, place_by_address):
        rows, misplaced = settle(table, rows)
        problems += misplaced
    unstated = [c for c in unstated if rows[c].null_count == rows.num_rows]  # not by an address
    rows = protect(store, table, rows)
    problems += check_rows(table, rows, job.known_on, problems)
    problems = hide_problems(table, problems, secret, rows["_line"], careful=careful)
    if table.requires_all_wards:
        require_wards(table, rows, problems, job.file)
    good = np.ones(rows.num_rows, dtype=bool)
    good[[p.row for p in problems if p.row is not None]] = False
    kept = rows if good.all() else rows.filter(pa.array(good))
    unread = _keys_of_refused(table, rows.filter(pa.array(~good)), unsplit > 0)
    filled = absent_as_zero(table, kept, unread) if absent else kept
    report = IngestReport(
        table.name,
        job.file,
        job.known_on,
        read=rows.num_rows + unsplit,
        filled=filled.num_rows - kept.num_rows,
        flagged=kept.num_rows - kept["_flags"].null_count,
        rejected=int((~good).sum()) + unsplit,
        rejects=_reject_frame(problems, table, job.ingest_id, job.file, job.known_on),
        hints=(*converted, *(() if absent else gap_hints(table, kept))),
    )
    gone = [c.name for c in table.columns if not c.kept and c.name not in unstated]
    return filled.drop_columns([*unstated, *gone]), unread, report


def _raw(job: _Job) -> RawTable:
    """Read the file; of persons and secrets no line is shown, not even in an error."""
    try:
        return read_raw(
            Path(job.file),
            job.data,
            lambda h: job.table.match_header(h) is not None,
            job.options["encoding"],
            crs=job.options.get("crs"),
            layer=job.options.get("layer"),
        )
    except IngestError as error:
        told, shown, _ = str(error).partition(" (its first line: ")
        if shown and needs_care(job.table):
            raise IngestError(f"{told}.") from None
        raise


def _marks(
    table: Table, raw: RawTable, rows: pa.Table, options: Mapping[str, Any]
) -> dict[str, tuple[Column | None, Raw]]:
    """Return the cells that may say that a row is secret, also of columns that are left out."""
    marks: dict[str, tuple[Column | None, Raw]] = {
        header: (table.match_header(header), cells) for header, cells in raw.columns.items()
    }
    return marks | {name: (table.column(name), rows[name]) for name in options["set"]}


# -- options and columns ------------------------------------------------------------------------


def _known_on(as_of: str | dt.date | None) -> dt.date:
    today = dt.date.today()
    try:
        day = today if as_of is None else dt.datetime.fromisoformat(str(as_of)).date()
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
    if options["decimal"] not in (None, ".", ","):
        raise IngestError(f"decimal is “.” or “,”, not “{options['decimal']}”.")
    if options["absent"] and not count_columns(table):
        raise IngestError(
            f"{table.name} has no counts by day and place that absence could mean 0 for."
        )
    for name in options["set"]:
        table.column(name)


def _span(
    table: Table, covers: tuple[str | dt.date, str | dt.date] | None, known_on: dt.date
) -> tuple[dt.date, dt.date] | None:
    """Return the days that the sender says a file of events covers."""
    if covers is None:
        return None
    if not table.events:
        raise IngestError(f"{table.name} is no table of events; covers says nothing there.")
    try:
        first, last = (dt.date.fromisoformat(str(day)) for day in covers)
    except ValueError:
        raise IngestError(
            f"covers takes a first and a last day such as 2021-10-01, 2021-10-31, not {covers}."
        ) from None
    if not first <= last <= known_on:
        raise IngestError(
            f"covers runs from {first} to {last}; it must not end before it begins, nor after "
            f"{known_on}, the day on which the file became known."
        )
    return first, last


def _only_place(table: Table, rows: pa.Table, given: Mapping[str, str]) -> str | None:
    """Return the one place that a file of events is about, where the sender set it for all rows."""
    if not table.events or table.place is None or table.place not in given:
        return None
    known = pc.unique(rows[table.place]).to_pylist()
    if len(known) > 1:
        raise IngestError(
            f"{table.place}={given[table.place]} means {' before and '.join(sorted(known))} after "
            f"{WARDS_UNTIL}; split the file there."
        )
    return known[0] if known else None


# -- rows ---------------------------------------------------------------------------------------


def _typed_rows(
    table: Table, raw: RawTable, options: Mapping[str, Any], file: str
) -> tuple[pa.Table, list[str], list[Problem]]:
    """Return all rows typed, the columns that the file does not state, and unreadable cells."""
    n = len(raw.lines)
    matched = match_columns(table, raw, options, file)
    problems = [Problem(None, line, "", text, why) for line, text, why in raw.broken]
    typed: dict[str, pa.Array] = {}
    for header, cells in _parsed(raw, matched, options["decimal"]).items():
        name = matched[header][0].name
        typed[name] = cells.values  # noqa: PD011
        problems += [
            Problem(i, int(raw.lines[i]), name, take_text(raw.columns[header], i), why)
            for i, why in cells.reasons.items()
        ]
    for name, text in options["set"].items():
        if not text.strip():
            raise IngestError(f"--set {name}= has no value.")
        if name in typed:
            raise IngestError(f"{file} has a column {name} of its own; do not --set it.")
        cell = parse_cells(table.column(name), [text])
        if cell.reasons:
            raise IngestError(f"--set {name}={text}: “{text}” {cell.reasons[0]}.")
        typed[name] = pa.repeat(cell.values[0], n)  # noqa: PD011
    unstated = [c.name for c in table.columns if c.name not in typed]
    for column in table.columns:
        typed.setdefault(column.name, pa.nulls(n, arrow_type(column)))
    typed["_line"] = pa.array(raw.lines)
    typed["_flags"] = _flags(table, typed)
    return pa.table(typed), unstated, problems


def _parsed(
    raw: RawTable, matched: Mapping[str, tuple[Column, str | None]], decimal: str | None
) -> dict[str, Cells]:
    """Read all cells; a column that does not show its decimal mark takes that of the others."""
    parsed = {
        header: parse_cells(column, raw.columns[header], level=level, decimal=decimal)
        for header, (column, level) in matched.items()
    }
    shown = {cells.decimal for cells in parsed.values() if cells.decimal}
    if len(shown) == 1:
        [mark] = shown
        for header, cells in parsed.items():
            if cells.ambiguous:
                parsed[header] = parse_cells(matched[header][0], raw.columns[header], decimal=mark)
    return parsed


def _flags(table: Table, typed: Mapping[str, pa.Array]) -> pa.Array:
    """Mark negative values of columns in which they are corrections of earlier reports."""
    flags = pa.nulls(len(typed["_line"]), pa.string())
    for column in table.columns:
        if column.negatives_flagged:
            negative = pc.fill_null(pc.less(typed[column.name], 0), False)
            if not pc.any(negative).as_py():
                continue
            mark = pa.scalar(f"negative {column.name}")
            both = pc.binary_join_element_wise(flags, mark, "; ", null_handling="skip")
            flags = pc.if_else(negative, both, flags)
    return flags


def _reject_frame(
    problems: list[Problem], table: Table, ingest_id: str, file: str, known_on: dt.date
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


def _keys_of_refused(table: Table, refused: pa.Table, unsplit: bool) -> pa.Table:
    """Return the keys that refused rows may have stated; null where a key was not readable."""
    keys = refused.select(list(table.key))
    if unsplit:
        keys = pa.concat_tables([keys, pa.table({n: pa.nulls(1, keys[n].type) for n in table.key})])
    return keys
