"""What a check is given (a table as known on a day) and what it gives (findings)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from ioc_analytics.contracts import Table
from ioc_analytics.lake.past import past
from ioc_analytics.lake.revisions import quote
from ioc_analytics.lake.store import Store

__all__ = ["Check", "Finding", "Held", "held"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found in a table: how bad, where, since when, how often, in words."""

    check: str
    severity: str
    n: int
    vi: str
    en: str
    location: str | None = None
    date: dt.date | None = None
    example: str = ""


@dataclass(frozen=True)
class Held:
    """A table as known on a day: `con` has its rows in `known` and all its revisions in `past`."""

    store: Store
    table: Table
    con: duckdb.DuckDBPyConnection
    day: dt.date
    today: dt.date

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query over `known` and `past`."""
        found: list[tuple[Any, ...]] = self.con.sql(query).fetchall()
        return found

    @property
    def own_day(self) -> str:
        """Return as SQL the day that dates a row."""
        return f"cast({quote(str(self.table.date))} as date)"

    @property
    def place(self) -> str:
        """Return as SQL a row's place; null where the table has none."""
        return quote(self.table.place) if self.table.place else "null::varchar"

    @property
    def key(self) -> str:
        """Return as SQL the words that name a row in an example."""
        return "concat_ws(' · ', " + ", ".join(map(quote, self.table.key)) + ")"

    def series(self) -> str:
        """Return as SQL the key without the date: what tells one series from another."""
        return ", ".join(quote(c) for c in self.table.key if c != self.table.date) or "null"

    def files(self) -> pd.DataFrame:
        """Return the ingests behind what is shown, oldest first."""
        history = self.store.history(self.table.name).iloc[::-1]
        shown = history["simulated"] == self.store.simulated(self.table.name)
        return history[shown & (history["as_of"] <= pd.Timestamp(self.day))]


Check = Callable[[Held], list[Finding]]


@contextmanager
def held(store: Store, table: Table) -> Iterator[Callable[[dt.date, dt.date], Held]]:
    """Open a table once; yield a function that shows it as known on a day, seen from another."""
    with past(store, table) as con:

        def at(day: dt.date, today: dt.date) -> Held:
            con.execute(
                f"create or replace temp view known as select * from past where as_of <= '{day}' "
                f"and (_until is null or _until > '{day}') and not _deleted"
            )
            return Held(store, table, con, day, today)

        yield at
