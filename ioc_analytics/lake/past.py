"""All that a table ever stated, with the days on which each row was what the city knew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow.compute as pc
import pyarrow.dataset as pads

from ioc_analytics.contracts import Table
from ioc_analytics.errors import LakeError
from ioc_analytics.lake.revisions import quote
from ioc_analytics.lake.store import Store

__all__ = ["day_of", "past", "stated"]


def day_of(text: str | dt.date) -> dt.date:
    """Return a day from a date, a timestamp or ISO text; a `LakeError` says what is not one.

    Examples
    --------
    >>> day_of("2021-10-23")
    datetime.date(2021, 10, 23)
    """
    try:
        return dt.datetime.fromisoformat(str(text)).date()
    except ValueError:
        raise LakeError(f"A day looks like 2021-10-23, not “{text}”.") from None


def stated(store: Store, table: Table) -> pads.Dataset:
    """Return every row that a table holds: revisions, closures (`_deleted`), `_confirms`.

    As in `Store.read`, simulated rows are left out as soon as there is a real one.

    Parameters
    ----------
    store : Store
        The lake.
    table : Table
        The contract.

    Returns
    -------
    pyarrow.dataset.Dataset
        The stored columns and the system's own.

    Raises
    ------
    LakeError
        The table holds nothing yet.
    """
    rows = store.must_open(table).to_pyarrow_dataset()
    told = rows.filter(~pc.field("_confirms"))
    real = bool(told.filter(~pc.field("_simulated")).head(1).num_rows)
    return rows.filter(pc.field("_simulated") == (not real))


@contextmanager
def past(store: Store, table: Table) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection whose table `past` holds every revision of a table, read once.

    `_until` is the `as_of` of the key's next revision (null: none), so that what was known on D is
    ``as_of <= D and (_until is null or _until > D) and not _deleted``; a revision replaced on its
    own day was never what a day knew. `_first` marks a key's first revision. Shapes (geometry) are
    left out.

    Parameters
    ----------
    store : Store
        The lake.
    table : Table
        The contract.

    Yields
    ------
    DuckDBPyConnection

    Raises
    ------
    LakeError
        The table holds nothing yet.
    """
    columns = [c.name for c in table.stored if c.kind != "geometry"]
    wanted = ", ".join(map(quote, [*columns, "as_of", "_ingest", "_flags", "_deleted"]))
    keys = ", ".join(map(quote, table.key))
    rows = stated(store, table).filter(~pc.field("_confirms"))
    with duckdb.connect() as con:
        con.register("_stated", rows)
        con.execute(
            f"create temp table past as select {wanted}, "
            "lead(as_of) over w as _until, lag(as_of) over w is null as _first "
            f"from _stated window w as (partition by {keys} order by as_of, _ingest)"
        )
        con.unregister("_stated")
        yield con
