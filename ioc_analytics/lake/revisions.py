"""What a table states over time: revisions, confirmations and closures, told apart in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from ioc_analytics.contracts import Column, Table

__all__ = ["SYSTEM", "Revision", "arrow_schema", "arrow_type", "known_sql", "quote", "revise"]

_ARROW = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),  # local time of Viet Nam, without zone
    "week": pa.date32(),
    "month": pa.date32(),
    "place": pa.string(),
    "geometry": pa.binary(),
}
# `_deleted` closes a key. `_confirms` marks a row that repeats what was known (keys only): it is
# kept apart, in a partition that reads skip, so that an older export that arrives late cannot undo
# what a newer one had confirmed. `_snapshot` tells that the row's file stated all there was.
# `_revises` marks a row whose key was there before: only such keys need their revisions compared.
SYSTEM = (
    pa.field("as_of", pa.date32()),
    pa.field("_ingest", pa.int64()),
    pa.field("_line", pa.int64()),
    pa.field("_flags", pa.string()),
    pa.field("_simulated", pa.bool_()),
    pa.field("_deleted", pa.bool_()),
    pa.field("_snapshot", pa.bool_()),
    pa.field("_revises", pa.bool_()),
    pa.field("_confirms", pa.bool_()),
)


def arrow_type(column: Column) -> pa.DataType:
    """Return the Arrow type in which a column is stored."""
    return _ARROW[column.kind]


def arrow_schema(table: Table) -> pa.Schema:
    """Return the Arrow schema of a table's stored columns (system columns not included)."""
    return pa.schema([pa.field(c.name, arrow_type(c)) for c in table.stored])


def quote(name: str) -> str:
    """Return a name as SQL writes it.

    Examples
    --------
    >>> quote("order")
    '"order"'
    """
    return '"' + name.replace('"', '""') + '"'


def known_sql(table: Table, source: str, *, revised: bool = True) -> str:
    """Return SQL for what `source` says in the end: the newest revision of each key, if not closed.

    Newest is the latest `as_of`; of one day, the latest ingest. ``revised=False`` tells that no key
    stands twice, so that keys need not be read.
    """
    if not revised:
        return f"select * exclude (_deleted, _revises) from {source}"
    keys = _listed(table.key)
    return f"""
    with revised as (select distinct {keys} from {source} where _revises),
    newest as (
      from {source} semi join revised using ({keys})
      qualify row_number() over (partition by {keys} order by as_of desc, _ingest desc) = 1
    )
    select * exclude (_deleted, _revises) from newest where not _deleted
    union all
    select * exclude (_deleted, _revises) from {source} anti join revised using ({keys})
    """


@dataclass(frozen=True, slots=True)
class Revision:
    """Rows to append for one file (system columns filled), and how many of them are what.

    `revised` counts those whose key was there before.
    """

    rows: pa.Table
    stored: int
    unchanged: int
    closed: int
    revised: int


def revise(
    stated: pads.Dataset | None,
    table: Table,
    rows: pa.Table,
    *,
    as_of: dt.date,
    number: int,
    simulated: bool = False,
    snapshot: bool = False,
    unread: pa.Table | None = None,
) -> Revision:
    """Return what a file's rows add to what a table states.

    Parameters
    ----------
    stated : pyarrow.dataset.Dataset or None
        All stored rows with their system columns; None when there are none.
    table : Table
        The contract.
    rows : pyarrow.Table
        The columns of `arrow_schema(table)` that the file states, `_line` and `_flags`; keys
        unique. A column that the file does not state keeps what was known on `as_of`.
    as_of : date
        The day the city came to know these rows.
    number : int
        The number of this ingest, higher than all before.
    simulated, snapshot : bool
        See `Store.append`.
    unread : pyarrow.Table, optional
        Keys of the file's refused rows, null where unreadable: a snapshot does not close what
        one of them may have stated.

    Returns
    -------
    Revision

    Notes
    -----
    The rows hold, for every day and ingest, the same state that all files in full would give.
    A row equal to what was known on `as_of` only confirms. Where files of a later `as_of` are
    known, the keys that change now are stated again under those later files' day and number:
    with the value they confirmed, or closed where a later snapshot did not have them.
    """
    given = {"as_of": as_of, "_ingest": number, "_simulated": simulated, "_snapshot": snapshot}
    nothing = arrow_schema(table).empty_table()
    fresh, confirmed, closed, later = rows, nothing, nothing, nothing
    if stated is not None:
        stated = stated.filter(pc.field("_simulated") == simulated)
        with duckdb.connect() as con:
            con.register("stated", stated)
            con.register("file_rows", rows)
            reach = stated.filter(_reach(table, rows))
            con.register("reach", reach)
            con.register("known_rows", reach.filter(pc.field("as_of") <= pa.scalar(as_of)))
            con.execute(f"create temp table known as {known_sql(table, 'known_rows')}")
            con.execute(f"create temp view incoming as {_completed_sql(table, rows)}")
            matched = con.sql(_matched_sql(table)).to_arrow_table()
            fresh = matched.filter(pc.invert(matched["_confirms"]))
            confirmed = matched.filter(matched["_confirms"]).select([*table.key, "_line"])
            if snapshot:
                con.register("unread", unread if unread is not None else nothing)
                closed = con.sql(_closed_sql(table)).to_arrow_table()
            con.register("fresh", fresh)
            con.register("closed", closed)
            con.execute(f"create temp view said as from stated where as_of > date '{as_of}'")
            if con.execute("from said limit 1").fetchall():
                later = con.sql(_later_sql(table)).to_arrow_table()
    parts = [
        _filled(fresh, table, {**given, "_deleted": False, "_confirms": False}),
        _filled(confirmed, table, {**given, "_deleted": False, "_confirms": True}),
        _filled(closed, table, {**given, "_deleted": True, "_revises": True, "_confirms": False}),
        _filled(later, table, {"_simulated": simulated, "_revises": True, "_confirms": False}),
    ]
    whole = pa.concat_tables(parts)
    revised = pc.sum(whole["_revises"]).as_py() or 0
    return Revision(whole, fresh.num_rows, confirmed.num_rows, closed.num_rows, revised)


def _reach(table: Table, rows: pa.Table) -> pc.Expression:
    """Return the filter for revisions that these rows can meet: those of the same dates."""
    wanted = ~pc.field("_confirms")
    if table.date in table.key and rows.num_rows:
        limits = pc.min_max(rows[table.date])
        day = pc.field(table.date)
        wanted &= (day >= limits["min"]) & (day <= limits["max"])
    return wanted


def _completed_sql(table: Table, rows: pa.Table) -> str:
    """Return SQL for the file's rows with what is known in the columns that it does not state."""
    key = [quote(c) for c in table.key]
    kept = [quote(c.name) for c in table.stored if c.name not in rows.column_names]
    if not kept:
        return "from file_rows"
    known = ", ".join(f"k.{c}" for c in kept)
    return f"select f.*, {known} from file_rows f left join known k on {_equal('f', 'k', key)}"


def _matched_sql(table: Table) -> str:
    """Return SQL for the file's rows with `_confirms` (equal to what is known) and `_revises`."""
    names = [quote(c.name) for c in table.stored]
    same = " and ".join(f"k.{n} is not distinct from i.{n}" for n in names)
    keys = _listed(table.key)
    first = quote(table.key[0])
    return (
        f"select i.*, k.{first} is not null as _confirms, there.{first} is not null as _revises "
        f"from incoming i left join known k on {same} "
        f"left join (select distinct {keys} from reach) there "
        f"on {_equal('i', 'there', [quote(c) for c in table.key])} order by i._line"
    )


def _closed_sql(table: Table) -> str:
    """Return SQL for known rows that a snapshot spans and does not have."""
    key = [quote(c) for c in table.key]
    may_be = " and ".join(f"(u.{c} is null or u.{c} = k.{c})" for c in key)
    partly = " or ".join(f"{c} is null" for c in key)
    span = ""
    if table.date is not None:
        day = quote(table.date)
        limits = [f"k.{day} >= (select min({day}) from incoming)"]
        limits += [f"k.{day} <= (select max({day}) from incoming)"]
        limits += [f"k.{c} in (select {c} from incoming)" for c in _places(table)]
        span = "where " + " and ".join(limits)
    return (
        f"select {', '.join(f'k.{quote(c.name)}' for c in table.stored)} from known k "
        f"anti join incoming i on {_equal('k', 'i', key)} "
        f"anti join unread e on {_equal('k', 'e', key)} "
        f"anti join (select distinct {_listed(table.key)} from unread where {partly}) u "
        f"on {may_be} {span}"
    )


def _later_sql(table: Table) -> str:
    """Return SQL for rows that later files stated about the keys that change now.

    First what they confirmed, with the value known then; then what their snapshots lacked.
    """
    key = [quote(c) for c in table.key]
    keys = _listed(table.key)
    columns = _listed(c.name for c in table.stored)
    conditions = [
        f"not exists (from said p where p._ingest = s._ingest and {_equal('p', 'f', key)})"
    ]
    if table.date is not None:
        conditions += [f"f.{quote(table.date)} between s.first_day and s.last_day"]
        conditions += [
            f"exists (from said p where p._ingest = s._ingest and not p._deleted and p.{c} = f.{c})"
            for c in _places(table)
        ]
    first, last = (f"{f}({quote(table.date)})" if table.date else "null" for f in ("min", "max"))
    return f"""
    with changed as (select {keys} from fresh union select {keys} from closed),
    confirmed as (select distinct {keys}, as_of, _ingest, _snapshot from said where _confirms),
    snapshots as (
      select as_of, _ingest, {first} as first_day, {last} as last_day
      from said where _snapshot and not _deleted group by all
    )
    select {_listed((c.name for c in table.stored), "r.")}, c.as_of, c._ingest, r._line, r._flags,
           r._deleted, c._snapshot
    from confirmed c join changed using ({keys})
    join stated r on not r._confirms and {_equal("r", "c", key)}
     and (r.as_of < c.as_of or (r.as_of = c.as_of and r._ingest <= c._ingest))
    qualify row_number() over (partition by {_listed(table.key, "c.")}, c.as_of, c._ingest
                               order by r.as_of desc, r._ingest desc) = 1
    union all by name
    select {columns}, s.as_of, s._ingest, true as _deleted, true as _snapshot
    from fresh f cross join snapshots s where {" and ".join(conditions)}
    """


def _places(table: Table) -> list[str]:
    return [quote(c) for c in table.key if table.column(c).kind == "place"]


def _listed(names: Iterable[str], of: str = "") -> str:
    return ", ".join(of + quote(name) for name in names)


def _equal(left: str, right: str, columns: Sequence[str]) -> str:
    return " and ".join(f"{left}.{c} = {right}.{c}" for c in columns)


def _filled(rows: pa.Table, table: Table, system: dict[str, Any]) -> pa.Table:
    """Return rows in the order of the stored schema; columns they lack hold `system` or nothing."""
    schema = pa.schema([*arrow_schema(table), *SYSTEM])
    columns: list[pa.ChunkedArray | pa.Array] = []
    for item in schema:
        if item.name in rows.column_names and item.name not in system:
            columns.append(rows[item.name].cast(item.type))
        else:
            value = pa.scalar(system.get(item.name), item.type)
            columns.append(pa.repeat(value, rows.num_rows))
    return pa.table(columns, schema=schema)
