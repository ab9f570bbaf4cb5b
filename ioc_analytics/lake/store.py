"""Where data lives: Delta tables on disk, append-only, read as known on a day or at a version."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from ioc_analytics import sectors
from ioc_analytics.contracts import Column, Table
from ioc_analytics.errors import LakeError

__all__ = ["Appended", "Store", "arrow_schema", "arrow_type"]

_ARROW = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.date32(),
    "month": pa.date32(),
    "place": pa.string(),
    "geometry": pa.binary(),
}
_SYSTEM = (
    pa.field("as_of", pa.date32()),
    pa.field("_ingest", pa.int64()),
    pa.field("_line", pa.int64()),
    pa.field("_flags", pa.string()),
    pa.field("_simulated", pa.bool_()),
    pa.field("_deleted", pa.bool_()),
)
# Every version stays readable: neither the log nor replaced files expire by themselves.
_KEEP = {
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
}
_COUNTER = "ioc.ingest"
_ATTEMPTS = 20


def arrow_type(column: Column) -> pa.DataType:
    """Return the Arrow type in which a column is stored."""
    return _ARROW[column.kind]


def arrow_schema(table: Table) -> pa.Schema:
    """Return the Arrow schema of a table's stored columns (system columns not included)."""
    return pa.schema([pa.field(c.name, arrow_type(c)) for c in table.stored])


@dataclass(frozen=True, slots=True)
class Appended:
    """What one append did: rows written, rows equal to what was known, rows closed."""

    already: bool
    number: int
    written: int
    unchanged: int
    closed: int


class Store:
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

    def __init__(
        self, path: str | Path, storage_options: Mapping[str, str] | None = None
    ) -> None:
        self.path = str(path).rstrip("/")
        self._options = dict(storage_options) if storage_options else None

    def __repr__(self) -> str:
        """Name the lake's place."""
        return f"{type(self).__name__}({self.path!r})"

    # -- tables ---------------------------------------------------------------------------------

    def tables(self) -> list[str]:
        """Return the names of the tables that hold data, in order."""
        return [name for name in sorted(sectors.tables()) if self._open(f"tables/{name}")]

    def version(self, table: str) -> int | None:
        """Return the newest version of a table, or None when it holds nothing yet."""
        delta = self._open(f"tables/{sectors.table(table).name}")
        return delta.version() if delta else None

    def has_ingest(self, table: Table, ingest_id: str) -> bool:
        """Tell whether this file with these options was already taken in."""
        delta = self._open(f"tables/{table.name}")
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
    ) -> Appended:
        """Write checked rows in one commit; the same `ingest_id` twice writes once.

        Parameters
        ----------
        table : Table
            The contract.
        rows : pyarrow.Table
            Columns of `arrow_schema(table)` plus `_line` and `_flags`; keys unique.
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

        Returns
        -------
        Appended
            Rows equal to what was already known on `as_of` are counted, not written again.
        """
        for _ in range(_ATTEMPTS):
            delta = self._open(f"tables/{table.name}")
            number = 1
            if delta:
                if delta.transaction_version(ingest_id) is not None:
                    return Appended(True, delta.transaction_version(_COUNTER) or 0, 0, 0, 0)
                number = (delta.transaction_version(_COUNTER) or 0) + 1
            fresh, closed = self._difference(delta, table, rows, as_of, snapshot, simulated)
            data = pa.concat_tables(
                [
                    _with_system(fresh, table, as_of, number, simulated, deleted=False),
                    _with_system(closed, table, as_of, number, simulated, deleted=True),
                ]
            )
            done = Appended(
                False, number, fresh.num_rows, rows.num_rows - fresh.num_rows, closed.num_rows
            )
            counts = {"rows": done.written, "unchanged": done.unchanged, "closed": done.closed}
            commit = CommitProperties(
                custom_metadata={**metadata, **{k: str(v) for k, v in counts.items()}},
                app_transactions=[Transaction(_COUNTER, number), Transaction(ingest_id, 1)],
            )
            if self._commit(f"tables/{table.name}", delta, data, commit):
                return done
        raise LakeError(
            f"{table.name}: other ingests kept committing first ({_ATTEMPTS} times); try again."
        )

    def _difference(
        self,
        delta: DeltaTable | None,
        table: Table,
        rows: pa.Table,
        as_of: dt.date,
        snapshot: bool,
        simulated: bool,
    ) -> tuple[pa.Table, pa.Table]:
        """Split off rows that say nothing new; find known rows that a snapshot drops."""
        nothing = arrow_schema(table).empty_table()
        if delta is None:
            return rows, nothing
        with duckdb.connect() as con:
            con.register("source", delta.to_pyarrow_dataset())
            con.register("incoming", rows)
            known = _known_sql(table, "source", as_of, simulated)
            same = " and ".join(
                f"k.{_quote(c.name)} is not distinct from i.{_quote(c.name)}" for c in table.stored
            )
            fresh = con.sql(
                f"select i.* from incoming i anti join ({known}) k on {same} order by i._line"
            ).to_arrow_table()
            if not snapshot:
                return fresh.cast(rows.schema), nothing
            key = " and ".join(f"k.{_quote(c)} = i.{_quote(c)}" for c in table.key)
            kept = ", ".join(f"k.{_quote(c.name)}" for c in table.stored)
            closed = con.sql(
                f"select {kept} from ({known}) k anti join incoming i on {key} {_span(table)}"
            ).to_arrow_table()
        return fresh.cast(rows.schema), closed.cast(arrow_schema(table))

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
        names = [f.name for f in _SYSTEM if f.name != "_deleted"]
        for name in columns or ():
            if name not in names:
                contract.column(name)
        with duckdb.connect() as con:
            self._register(con, contract, as_of, version)
            chosen = [*columns] if columns else [*(c.name for c in contract.stored), "as_of"]
            order = ", ".join(map(_quote, contract.key))
            wanted = ", ".join(map(_quote, chosen))
            return con.sql(
                f"select {wanted} from {_qualified(table)} order by {order}"
            ).df()

    def sql(self, query: str, as_of: str | dt.date | None = None) -> pd.DataFrame:
        """Run a DuckDB query over the tables (and `marts.<name>`) as known on a day.

        Examples
        --------
        ``lake.sql("select location, sum(new_cases) from epidemic.cases_daily group by 1")``
        """
        with duckdb.connect() as con:
            for name in con.get_table_names(query, qualified=True):
                schema, _, short = name.replace('"', "").partition(".")
                if schema == "marts":
                    self._register_mart(con, short)
                elif f"{schema}.{short}" in sectors.tables():
                    self._register(con, sectors.table(f"{schema}.{short}"), as_of, None)
            con.execute("set enable_external_access = false")
            try:
                return con.sql(query).df()
            except duckdb.Error as error:
                raise LakeError(f"The query was refused: {str(error).splitlines()[0]}") from error

    def history(self, table: str) -> pd.DataFrame:
        """Return one row for each ingest of a table, newest first.

        Columns: `version, ingested_at, file, sha256, ingest_id, as_of, simulated, rows, unchanged,
        closed, rejected`.
        """
        delta = self._must_open(sectors.table(table))
        entries = [e for e in delta.history() if "ingest_id" in e]
        return pd.DataFrame(
            {
                "version": [e["version"] for e in entries],
                "ingested_at": pd.to_datetime([e["timestamp"] for e in entries], unit="ms"),
                **{k: [e.get(k) for e in entries] for k in ("file", "sha256", "ingest_id")},
                "as_of": pd.to_datetime([e["as_of"] for e in entries]),
                "simulated": [e["simulated"] == "True" for e in entries],
                **{
                    k: [int(e.get(k, 0)) for e in entries]
                    for k in ("rows", "unchanged", "closed", "rejected")
                },
            }
        )

    # -- rejects --------------------------------------------------------------------------------

    def write_rejects(self, ingest_id: str, rejects: pa.Table) -> None:
        """Keep the rows that were refused; the same ingest writes them once."""
        key = f"rejects:{ingest_id}"
        for _ in range(_ATTEMPTS):
            delta = self._open("rejects")
            if delta and delta.transaction_version(key) is not None:
                return
            commit = CommitProperties(app_transactions=[Transaction(key, 1)])
            if self._commit("rejects", delta, rejects, commit):
                return
        raise LakeError("The rejects could not be written: other ingests kept committing first.")

    def rejects(self, table: str | None = None) -> pd.DataFrame:
        """Return refused rows: `ingest_id, table, file, line, column, value, reason, as_of`."""
        columns = "ingest_id table file line column value reason as_of".split()
        delta = self._open("rejects")
        if delta is None:
            return pd.DataFrame(columns=columns)
        frame = delta.to_pyarrow_dataset().to_table().to_pandas()[columns]
        if table is not None:
            frame = frame[frame["table"] == sectors.table(table).name]
        return frame.sort_values(["table", "file", "line", "column"], ignore_index=True)

    # -- marts ----------------------------------------------------------------------------------

    def write_mart(self, name: str, rows: pa.Table, metadata: Mapping[str, str]) -> None:
        """Replace a mart in one commit; earlier versions stay readable."""
        write_deltalake(
            self._place(f"marts/{name}"),
            rows,
            mode="overwrite",
            schema_mode="overwrite",
            configuration=_KEEP,
            storage_options=self._options,
            commit_properties=CommitProperties(custom_metadata=dict(metadata)),
        )

    def mart(self, name: str) -> pd.DataFrame:
        """Return a mart that `ioc build` computed; a `LakeError` says when it was not built."""
        delta = self._open(f"marts/{name}")
        if delta is None:
            raise LakeError(f"The mart “{name}” was not built yet; run: ioc build")
        return delta.to_pyarrow_dataset().to_table().to_pandas()

    def mart_metadata(self, name: str) -> dict[str, Any] | None:
        """Return what the newest build of a mart recorded about itself, or None."""
        delta = self._open(f"marts/{name}")
        return delta.history(1)[0] if delta else None

    # -- below: Delta and DuckDB ----------------------------------------------------------------

    def _place(self, name: str) -> str:
        return f"{self.path}/{name}"

    def _open(self, name: str) -> DeltaTable | None:
        place = self._place(name)
        if "://" not in place and not os.path.isdir(f"{place}/_delta_log"):
            return None
        try:
            return DeltaTable(place, storage_options=self._options)
        except TableNotFoundError:  # a folder whose first commit was never finished
            return None

    def _must_open(self, table: Table, version: int | None = None) -> DeltaTable:
        delta = self._open(f"tables/{table.name}")
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

    def _commit(
        self, name: str, delta: DeltaTable | None, data: pa.Table, commit: CommitProperties
    ) -> bool:
        """Append in one commit; False when another writer came first."""
        try:
            write_deltalake(
                delta if delta is not None else self._place(name),
                data,
                mode="append",
                schema_mode="merge",
                configuration=None if delta is not None else _KEEP,
                storage_options=self._options,
                commit_properties=commit,
            )
        except CommitFailedError:
            return False
        except DeltaError as error:
            if delta is None and self._open(name) is not None:
                return False  # somebody else created the table meanwhile
            raise LakeError(f"{name} could not be written: {error}") from error
        return True

    def _register(
        self,
        con: duckdb.DuckDBPyConnection,
        table: Table,
        as_of: str | dt.date | None,
        version: int | None,
    ) -> None:
        delta = self._must_open(table, version)
        source = f"_{table.name.replace('.', '__')}"
        con.register(source, delta.to_pyarrow_dataset())
        [(simulated,)] = con.sql(f"select bool_and(_simulated) from {source}").fetchall()
        known = _known_sql(table, source, _day(as_of), bool(simulated))
        schema = table.name.partition(".")[0]
        con.execute(f"create schema if not exists {_quote(schema)}")
        con.execute(f"create or replace view {_qualified(table.name)} as {known}")

    def _register_mart(self, con: duckdb.DuckDBPyConnection, name: str) -> None:
        delta = self._open(f"marts/{name}")
        if delta is None:
            raise LakeError(f"The mart “{name}” was not built yet; run: ioc build")
        con.register(f"_mart_{name}", delta.to_pyarrow_dataset())
        con.execute("create schema if not exists marts")
        con.execute(f'create or replace view marts.{_quote(name)} as from "_mart_{name}"')


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _qualified(table: str) -> str:
    return ".".join(map(_quote, table.split(".")))


def _day(as_of: str | dt.date | None) -> dt.date | None:
    if as_of is None or (isinstance(as_of, dt.date) and not isinstance(as_of, dt.datetime)):
        return as_of
    try:
        return dt.date.fromisoformat(str(as_of)[:10])
    except ValueError:
        raise LakeError(f"as_of is a day such as 2021-10-23, not “{as_of}”.") from None


def _known_sql(table: Table, source: str, as_of: dt.date | None, simulated: bool) -> str:
    """Return SQL for the newest revision of each key known on `as_of`."""
    key = ", ".join(map(_quote, table.key))
    day = f"and as_of <= date '{as_of.isoformat()}'" if as_of else ""
    return (
        f"select * exclude (_deleted) from ("
        f"select * from {source} where _simulated = {str(simulated).lower()} {day} "
        f"qualify row_number() over (partition by {key} order by as_of desc, _ingest desc) = 1"
        f") where not _deleted"
    )


def _span(table: Table) -> str:
    """Return the SQL filter that keeps to the days and places that a snapshot spans."""
    if table.date is None:
        return ""
    day = _quote(table.date)
    limits = [f"k.{day} between (select min({day}) from incoming) and (select max({day}) from incoming)"]
    limits += [
        f"k.{_quote(c)} in (select {_quote(c)} from incoming)"
        for c in table.key
        if table.column(c).kind == "place"
    ]
    return "where " + " and ".join(limits)


def _with_system(
    rows: pa.Table, table: Table, as_of: dt.date, number: int, simulated: bool, deleted: bool
) -> pa.Table:
    """Return rows with the system columns filled, in the order of the stored schema."""
    n = rows.num_rows
    given = dict(zip(rows.column_names, rows.columns, strict=True))
    system: dict[str, Any] = {
        "as_of": as_of,
        "_ingest": number,
        "_line": None,
        "_flags": None,
        "_simulated": simulated,
        "_deleted": deleted,
    }
    schema = pa.schema([*arrow_schema(table), *_SYSTEM])
    columns: list[pa.ChunkedArray | pa.Array] = []
    for item in schema:
        if item.name in given:
            columns.append(given[item.name].cast(item.type))
        else:
            columns.append(pa.repeat(pa.scalar(system[item.name], item.type), n))
    return pa.table(columns, schema=schema)


