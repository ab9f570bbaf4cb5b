"""Where data lives: Delta tables on disk, append-only, read as known on a day or at a version."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction

from ioc_analytics import sectors
from ioc_analytics.contracts import Table
from ioc_analytics.errors import ContractError, LakeError
from ioc_analytics.lake.clock import create_clock
from ioc_analytics.lake.delta import ATTEMPTS, DeltaFolder
from ioc_analytics.lake.revisions import (
    SYSTEM,
    arrow_schema,
    arrow_type,
    known_sql,
    quote,
    revise,
)
from ioc_analytics.text import nearest

__all__ = ["Appended", "Store", "arrow_schema", "arrow_type"]

_NAMES = re.compile(r'(?<![\w."])"?(\w+)"?\s*\.\s*"?(\w+)"?')  # schema and name in a query
_CLOSED = (  # what keeps a query inside the lake
    "enable_external_access = false",
    "python_enable_replacements = false",
    "lock_configuration = true",
)
_COUNTER = "ioc.ingest"


@dataclass(frozen=True, slots=True)
class Appended:
    """What one append did: rows written, rows equal to what was known, rows closed."""

    already: bool
    number: int
    written: int
    unchanged: int
    closed: int


class Store(DeltaFolder):
    """An embedded lake in a folder (or under an object-store address).

    Each row has its own time (`date`, `week_start`, …) and `as_of`, the day the city came to know
    it. Nothing is overwritten: a correction is a new row with a later `as_of`. Simulated rows are
    hidden as soon as their table holds a real one.

    Parameters
    ----------
    path : str or Path
        The lake's folder; created on the first append.
    storage_options : mapping, optional
        Handed to Delta Lake for object stores.
    """

    # -- tables ---------------------------------------------------------------------------------

    def tables(self) -> list[str]:
        """Return the names of the tables that hold data, in order."""
        return [name for name in sorted(sectors.tables()) if self._held(name)]

    def version(self, table: str) -> int | None:
        """Return the newest version of a table, or None when it holds nothing yet."""
        delta = self._held(sectors.table(table).name)
        return delta.version() if delta else None

    def state(self, table: str) -> str | None:
        """Return what tells a table's content from any other: its newest ingest, or None."""
        delta = self._held(sectors.table(table).name)
        if delta is None:
            return None
        newest: dict[str, Any] = next((e for e in delta.history() if "ingest_id" in e), {})
        return f"{delta.version()} {newest.get('ingest_id')}"

    def simulated(self, table: str) -> bool:
        """Tell whether what a table shows is made up (it holds rows and none of them is real)."""
        delta = self._held(sectors.table(table).name)
        if delta is None:
            return False
        return _made_up(delta)

    def has_ingest(self, table: Table, ingest_id: str) -> bool:
        """Tell whether this file with these options was already taken in."""
        delta = self._held(table.name)
        return delta is not None and delta.transaction_version(ingest_id) is not None

    def append(
        self,
        table: Table,
        rows: pa.Table,
        *,
        as_of: dt.date,
        ingest_id: str,
        metadata: Mapping[str, str],
        snapshot: bool = False,
        simulated: bool = False,
        unread: pa.Table | None = None,
        covers: tuple[dt.date, dt.date] | None = None,
        covers_place: str | None = None,
    ) -> Appended:
        """Write checked rows in one commit; the same `ingest_id` twice writes once.

        Parameters
        ----------
        table : Table
            The contract.
        rows : pyarrow.Table
            The columns of `arrow_schema(table)` that the file states, `_line` and `_flags`; keys
            unique. A column that is not stated keeps what was known on `as_of`.
        as_of : date
            The day the city came to know these rows.
        ingest_id : str
            Identifies the file and its options. It is part of the commit, so of two processes
            that are given one file one writes and the other finds it done.
        metadata : mapping
            Kept with the commit and shown by `history`.
        snapshot : bool
            The rows state all there is for the days and places they span (all of the table, where
            it has no days); known rows absent from them are closed, so that “vanished” is known.
        simulated : bool
            Marks the rows as made up.
        unread : pyarrow.Table, optional
            Keys of the file's refused rows (null where unreadable); a snapshot does not close what
            one of them may have stated.
        covers : (first day, last day), optional
            For tables of events: the days for which the rows are all there is, so that a place
            without row had no event. Default: from the first to the last row.
        covers_place : str, optional
            The only place that the rows are about; default all wards.

        Returns
        -------
        Appended
            Rows equal to what was already known on `as_of` are counted as unchanged: they confirm.

        Raises
        ------
        LakeError
            Other ingests into the table kept committing first.
        """
        for _ in range(ATTEMPTS):
            schema = pa.schema([*arrow_schema(table), *SYSTEM])
            delta = self._made(f"tables/{table.name}", schema, ["_confirms"])
            before = delta.transaction_version(_COUNTER) or 0
            if delta.transaction_version(ingest_id) is not None:
                return Appended(True, before, 0, 0, 0)
            number = before + 1
            new = revise(
                delta.to_pyarrow_dataset() if before else None,
                table,
                rows,
                as_of=as_of,
                number=number,
                simulated=simulated,
                snapshot=snapshot,
                unread=unread,
            )
            done = Appended(False, number, new.stored, new.unchanged, new.closed)
            counts = {"rows": done.written, "unchanged": done.unchanged, "closed": done.closed}
            counts["revised"] = new.revised
            span = _span(table, rows, covers, covers_place)
            commit = CommitProperties(
                custom_metadata={**metadata, **span, **{k: str(v) for k, v in counts.items()}},
                app_transactions=[Transaction(_COUNTER, number), Transaction(ingest_id, 1)],
            )
            if self._commit(delta, new.rows, commit):
                return done
        raise LakeError(
            f"{table.name}: other ingests kept committing first ({ATTEMPTS} times); try again."
        )

    # -- reading --------------------------------------------------------------------------------

    def read(
        self,
        table: str,
        as_of: str | dt.date | None = None,
        version: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Return a table's rows as known on a day, or exactly as stored at a version.

        Parameters
        ----------
        table : str
            Such as "epidemic.cases_daily".
        as_of : date or ISO text, optional
            Only what was known on that day: the newest revision of each key with
            ``row.as_of <= as_of``. Default: all that is known.
        version : int, optional
            Pins the stored rows, so that a later ingest changes nothing.
        columns : sequence of str, optional
            Declared columns, or `as_of`, `_ingest`, `_line`, `_flags`, `_simulated`.

        Returns
        -------
        DataFrame
            Ordered by key. Missing values are NaN/NaT/None, never 0.

        Raises
        ------
        ContractError
            No such table or column.
        LakeError
            The table holds nothing yet, or has no such version.
        """
        contract = sectors.table(table)
        names = {f.name for f in SYSTEM} - {"_deleted", "_confirms"}
        for name in columns or ():
            if name not in names and not contract.column(name).kept:
                raise ContractError(f"{table}.{name} is checked at the door and not kept.")
        with duckdb.connect() as con:
            self._register(con, contract, as_of, version)
            chosen = [*columns] if columns else [*(c.name for c in contract.stored), "as_of"]
            order = ", ".join(map(quote, contract.key))
            wanted = ", ".join(map(quote, chosen))
            frame = con.sql(f"select {wanted} from {_qualified(table)} order by {order}").df()
        for name in [c.name for c in contract.stored if c.kind == "geometry"]:
            if name in frame:
                frame[name] = frame[name].map(bytes)  # the engine gives byte arrays
        return frame

    def sql(self, query: str, as_of: str | dt.date | None = None) -> pd.DataFrame:
        """Run a DuckDB query over the tables (and `marts.<name>`) as known on a day.

        Parameters
        ----------
        query : str
            One SELECT. It sees lake tables only: no file, network or variable of the program.
        as_of : date or ISO text, optional
            As in `read`.

        Returns
        -------
        DataFrame

        Raises
        ------
        LakeError
            A table is unknown or holds nothing yet, or the query is not valid.

        Examples
        --------
        ``lake.sql("select location, sum(new_cases) from epidemic.cases_daily group by 1")``
        """
        as_of = _day(as_of)
        with duckdb.connect() as con:
            self._show(con, query, as_of)
            for setting in _CLOSED:
                con.execute(f"set {setting}")
            try:
                kinds = [statement.type for statement in con.extract_statements(query)]
                if kinds != [duckdb.StatementType.SELECT]:
                    raise LakeError("The query was refused: it is not one SELECT.")
                return con.sql(query).df()
            except duckdb.CatalogException as error:
                raise LakeError(self._unknown(query, str(error))) from error
            except duckdb.Error as error:
                raise LakeError(f"The query was refused: {str(error).splitlines()[0]}") from error

    def aggregate(self, query: str, as_of: str | dt.date | None = None) -> pd.DataFrame:
        """Run a query of our own as `sql` does, reading the files directly: faster, not closed off.

        Never for a query that a person typed: it could read any file of this machine.
        """
        with duckdb.connect() as con:
            self._show(con, query, _day(as_of), direct=True)
            return con.sql(query).df()

    def _show(
        self,
        con: duckdb.DuckDBPyConnection,
        query: str,
        as_of: dt.date | None,
        *,
        direct: bool = False,
    ) -> None:
        """Give a connection the tables, marts and clock that a query names."""
        for schema, short in sorted(set(_NAMES.findall(query.lower()))):
            if schema == "marts":
                self._register_mart(con, short)
            elif f"{schema}.{short}" in sectors.tables():
                table = sectors.table(f"{schema}.{short}")
                self._register(con, table, as_of, None, direct=direct)
        if "working_" in query:
            create_clock(con)

    def _unknown(self, query: str, error: str) -> str:
        """Return a sentence for a name that the engine does not know, with the nearest one."""
        found = re.search(r"Table with name (.+?) does not exist", error)
        if not found:
            return f"The query was refused: {error.splitlines()[0]}"
        short = found[1].replace('"', "")
        name = next((f"{s}.{n}" for s, n in _NAMES.findall(query) if n == short), short)
        known = self.tables()
        held = f"In this lake: {', '.join(known) or 'nothing yet'}."
        return f"There is no table “{name}”{nearest(name, known)}. {held}"

    def history(self, table: str) -> pd.DataFrame:
        """Return one row for each ingest of a table, newest first.

        Columns: `version, ingested_at, file, sha256, ingest_id, as_of, simulated, covers_first,
        covers_last, covers_place (tables of events), rows, unchanged, closed, rejected`.
        """
        delta = self.must_open(sectors.table(table))
        entries = [e for e in delta.history() if "ingest_id" in e]
        return pd.DataFrame(
            {
                "version": [e["version"] for e in entries],
                "ingested_at": pd.to_datetime([e["timestamp"] for e in entries], unit="ms"),
                **{k: [e.get(k) for e in entries] for k in ("file", "sha256", "ingest_id")},
                "as_of": pd.to_datetime([e["as_of"] for e in entries]),
                "simulated": [e["simulated"] == "True" for e in entries],
                **{
                    k: pd.to_datetime([e.get(k) for e in entries])
                    for k in ("covers_first", "covers_last")
                },
                "covers_place": [e.get("covers_place") for e in entries],
                **{
                    k: [int(e.get(k, 0)) for e in entries]
                    for k in ("rows", "unchanged", "closed", "rejected")
                },
            }
        )

    def covered(self, table: str, as_of: str | dt.date | None = None) -> pd.DataFrame:
        """Return the days that the files of a table of events cover, as known on a day.

        Returns
        -------
        DataFrame
            `first, last` (days), `place` (None: all wards), a row for each file; within them a
            place without row had no event.
        """
        files = self.history(table).dropna(subset="covers_first")
        if not self.simulated(table):
            files = files[~files["simulated"]]
        if (day := _day(as_of)) is not None:
            files = files[files["as_of"] <= pd.Timestamp(day)]
        spans = files[["covers_first", "covers_last", "covers_place"]].drop_duplicates()
        return spans.set_axis(["first", "last", "place"], axis=1).reset_index(drop=True)

    def status(self) -> pd.DataFrame:
        """Return what the lake holds: one row for each table.

        Columns: `table, rows, places, first, last (day of the newest row), known_on (newest
        as_of), ingests, rejected, simulated`.
        """
        return pd.DataFrame([self._status(name) for name in self.tables()])

    def _status(self, name: str) -> dict[str, Any]:
        table = sectors.table(name)
        place = table.place
        with duckdb.connect() as con:
            self._register(con, table, None, None)
            day = (
                f"min({quote(table.date)})::date, max({quote(table.date)})::date"
                if table.date
                else "null, null"
            )
            places = f"count(distinct {quote(place)})" if place else "0"
            [(rows, units, first, last, known_on)] = con.sql(
                f"select count(*), {places}, {day}, max(as_of) from {_qualified(name)}"
            ).fetchall()
        history = self.history(name)
        return {
            "table": name,
            "rows": rows,
            "places": units,
            "first": first,
            "last": last,
            "known_on": known_on,
            "ingests": len(history),
            "rejected": int(history["rejected"].sum()),
            "simulated": self.simulated(name),
        }

    # -- rejects --------------------------------------------------------------------------------

    def write_rejects(self, ingest_id: str, rejects: pa.Table) -> None:
        """Keep the rows that were refused; the same ingest writes them once."""
        key = f"rejects:{ingest_id}"
        for _ in range(ATTEMPTS):
            delta = self._made("rejects", rejects.schema)
            if delta.transaction_version(key) is not None:
                return
            commit = CommitProperties(app_transactions=[Transaction(key, 1)])
            if self._commit(delta, rejects, commit):
                return
        raise LakeError("The rejects could not be written: other ingests kept committing first.")

    def rejects(self, table: str | None = None) -> pd.DataFrame:
        """Return refused rows: `ingest_id, table, file, line, column, value, reason, as_of`."""
        columns = ["ingest_id", "table", "file", "line", "column", "value", "reason", "as_of"]
        only = sectors.table(table).name if table is not None else None
        delta = self._open("rejects")
        if delta is None:
            return pd.DataFrame(columns=columns)
        frame = delta.to_pyarrow_dataset().to_table().to_pandas()[columns]
        if only is not None:
            frame = frame[frame["table"] == only]
        return frame.sort_values(["table", "file", "line", "column"], ignore_index=True)

    # -- below: Delta and DuckDB ----------------------------------------------------------------

    def _held(self, table: str) -> DeltaTable | None:
        """Open a table that took in at least one file."""
        delta = self._open(f"tables/{table}")
        return delta if delta and delta.transaction_version(_COUNTER) is not None else None

    def must_open(self, table: Table, version: int | None = None) -> DeltaTable:
        """Return a table's Delta table; a `LakeError` says that it holds nothing yet."""
        delta = self._held(table.name)
        if delta is None:
            raise LakeError(
                f"{table.name} holds no data in {self.path}; "
                f"run: ioc ingest FILE --table {table.name}"
            )
        if version is not None:
            newest = delta.version()
            if not 0 <= version <= newest:
                raise LakeError(f"{table.name} has versions 0 to {newest}, not {version}.")
            delta.load_as_version(version)
        return delta

    def _register(
        self,
        con: duckdb.DuckDBPyConnection,
        table: Table,
        as_of: str | dt.date | None,
        version: int | None,
        *,
        direct: bool = False,
    ) -> None:
        """Show a table's known rows as a view; the engine never sees a row known only later."""
        delta = self.must_open(table, version)
        source = f"_{uuid.uuid4().hex}"
        day = _day(as_of)
        made_up, revised = _made_up(delta), _revised(delta)
        files = delta.file_uris(file_pruning_predicate="_confirms = false") if direct else []
        if files and not any("://" in file for file in files):
            by_then = f" and as_of <= date '{day}'" if day else ""
            con.execute(
                f"create view {quote(source)} as select * from read_parquet({files}, "
                f"union_by_name = true, hive_partitioning = false) "
                f"where _simulated = {made_up}{by_then}"
            )
        else:
            rows = delta.to_pyarrow_dataset()
            rows = rows.filter(~pc.field("_confirms") & (pc.field("_simulated") == made_up))
            if day is not None:
                rows = rows.filter(pc.field("as_of") <= pa.scalar(day))
            con.register(source, rows)
        con.execute(f"create schema if not exists {quote(table.system)}")
        known = known_sql(table, quote(source), revised=revised)
        con.execute(f"create view {_qualified(table.name)} as {known}")

    def _register_mart(self, con: duckdb.DuckDBPyConnection, name: str) -> None:
        delta = self._open(f"marts/{name}")
        if delta is None:
            raise LakeError(f"The mart “{name}” was not built yet; run: ioc build")
        source = f"_{uuid.uuid4().hex}"
        con.register(source, delta.to_pyarrow_dataset())
        con.execute("create schema if not exists marts")
        con.execute(f"create view marts.{quote(name)} as from {quote(source)}")


def _ingests(delta: DeltaTable) -> list[dict[str, Any]]:
    """Return what the commits up to this version note about themselves."""
    entries = [e for e in delta.history() if "ingest_id" in e]
    return [e for e in entries if e["version"] <= delta.version()]


def _made_up(delta: DeltaTable) -> bool:
    """Tell whether rows were taken in up to this version and none of them is real."""
    known = [e for e in _ingests(delta) if int(e.get("rows", 0))]
    return bool(known) and all(e["simulated"] == "True" for e in known)


def _revised(delta: DeltaTable) -> bool:
    """Tell whether any key may stand twice; commits that do not note it may have revised one."""
    return any(int(e.get("revised", 1)) for e in _ingests(delta))


def _span(
    table: Table,
    rows: pa.Table,
    covers: tuple[dt.date, dt.date] | None,
    place: str | None,
) -> dict[str, str]:
    """Return what a commit notes about the days that a file of events covers."""
    if not table.events or table.date is None:
        return {}
    if covers is None and rows.num_rows > rows[table.date].null_count:
        limits = pc.min_max(rows[table.date].cast(pa.date32()))
        covers = (limits["min"].as_py(), limits["max"].as_py())
    if covers is None:
        return {}
    span = {"covers_first": covers[0].isoformat(), "covers_last": covers[1].isoformat()}
    return span | ({"covers_place": place} if place else {})


def _qualified(table: str) -> str:
    return ".".join(map(quote, table.split(".")))


def _day(as_of: str | dt.date | None) -> dt.date | None:
    try:
        return None if as_of is None else dt.datetime.fromisoformat(str(as_of)).date()
    except ValueError:
        raise LakeError(f"as_of is a day such as 2021-10-23, not “{as_of}”.") from None
