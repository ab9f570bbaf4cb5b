"""What became known between two days: rows that appeared, changed or vanished, and why."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from ioc_analytics import sectors
from ioc_analytics.contracts import Table
from ioc_analytics.errors import LakeError
from ioc_analytics.lake.past import day_of, stated
from ioc_analytics.lake.revisions import quote
from ioc_analytics.lake.store import Store

__all__ = ["changes"]

# When a change is one of definition and not of single figures.
_LEAST_ROWS = 10  # fewer rows show no pattern
_MOST = 0.9  # share of the rows in common that must follow it
_NEAR = 0.01  # how far from the common ratio or difference a row may lie, relative
_COARSE = 10.0  # from this factor on, the coarser unit has lost digits: half a unit is allowed


def changes(store: Store, table: str, since: str | dt.date, until: str | dt.date) -> pd.DataFrame:
    r"""Return what is known of a table on `until` and was not, or was otherwise, on `since`.

    Put on top of ``read(table, as_of=since)`` the changes give ``read(table, as_of=until)``.

    Parameters
    ----------
    store : Store
        The lake.
    table : str
        Such as "epidemic.cases_daily".
    since, until : date or ISO text
        Two days of knowledge, `since` not after `until`.

    Returns
    -------
    DataFrame
        Ordered by key and column:

        - `change`: "appeared", "changed" or "vanished"; then the key's columns;
        - `column, before, after`: a row for each column that changed, with Python values (None is
          missing); an appeared or vanished key has one row, without them;
        - `as_of, file`: the day and the file that stated it;
        - `cause`: "late report", "new period", "correction", "definition change" or "withdrawn".

    Raises
    ------
    ContractError
        No such table.
    LakeError
        The table holds nothing, a day is not one, or `since` lies after `until`.

    Notes
    -----
    A row that came and went between the two days, or changed and changed back, is no change.

    *Appeared*: "late report" when the row's own period had ended by `since` (its day; Sunday of
    its week; last day of its month), for then it could have been known; else "new period". A row
    without a day of its own counts as new.

    *Vanished*: "withdrawn": a later file that states all there is did not have it.

    *Changed*: "correction", unless a file restates nearly a whole column by one pattern. Rows in
    common are those known on `since` that this file stated again (its statement still being in
    force) or confirmed, with a value on both sides. There must be at least 10; at least 90 % of
    them must have changed and follow the pattern, and those that do are "definition change":

    - numbers by a common ratio, within 1 %, or within half a unit of the coarser side where the
      ratio is 10 or more, up or down (rows of 0 on both sides fit any ratio and do not count);
    - numbers and days by a common difference, within 1 %;
    - words by one-to-one renaming, where at most half as many words as rows are in use.

    Simulated rows are left out as soon as the table holds a real one, as everywhere.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from ioc_analytics.lake import open_lake
    >>> folder = tempfile.TemporaryDirectory()
    >>> lake = open_lake(f"{folder.name}/lake")
    >>> def take(day, text):
    ...     export = Path(folder.name, f"{day}.csv")
    ...     _ = export.write_text("date,location,new_cases\n" + text)
    ...     _ = lake.ingest(export, "epidemic.cases_daily", as_of=day)
    >>> take("2021-08-02", "2021-08-01,769,10\n2021-08-02,769,20")
    >>> take("2021-08-04", "2021-08-01,769,15\n2021-07-31,769,5\n2021-08-03,769,30")
    >>> found = changes(lake, "epidemic.cases_daily", "2021-08-02", "2021-08-04")
    >>> found["date"] = found["date"].dt.day
    >>> print(found[["date", "change", "column", "before", "after", "cause"]].to_string())
       date    change     column before after        cause
    0    31  appeared       None   None  None  late report
    1     1   changed  new_cases     10    15   correction
    2     3  appeared       None   None  None   new period
    >>> folder.cleanup()
    """
    contract = sectors.table(table)
    first, last = day_of(since), day_of(until)
    if first > last:
        raise LakeError(f"{table}: the changes since {first} until {last} run backwards.")
    with duckdb.connect() as con:
        con.register("stated", stated(store, contract))
        con.execute(_pairs_sql(contract, first, last))
        parts = [_come_and_gone(con, contract, first)]
        for column in contract.stored:
            if column.name not in contract.key:
                part = _changed(con, contract, column.name)
                parts.append(_judged(con, contract, column.name, part, first))
    found = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)
    found["file"] = found["_ingest"].map(_files(store, table))
    found["as_of"] = pd.to_datetime(found["as_of"])
    found = found.sort_values([*contract.key, "column"], ignore_index=True, na_position="first")
    wanted = ["change", *contract.key, "column", "before", "after", "as_of", "file", "cause"]
    return found[wanted]


def _files(store: Store, table: str) -> dict[int, str]:
    """Return the file of each ingest by its number."""
    files = store.history(table)["file"].to_list()
    return {len(files) - i: file for i, file in enumerate(files)}


def _keys(table: Table) -> str:
    return ", ".join(map(quote, table.key))


def _newest_sql(table: Table, day: dt.date) -> str:
    """Return SQL for the newest revision of each touched key as of a day, closures included."""
    return (
        f"from stated semi join touched using ({_keys(table)}) "
        f"where not _confirms and as_of <= date '{day}' qualify row_number() over "
        f"(partition by {_keys(table)} order by as_of desc, _ingest desc) = 1"
    )


def _pairs_sql(table: Table, first: dt.date, last: dt.date) -> str:
    """Return SQL that makes `pairs`: keys stated in between, as known on both days.

    `b.x` and `a.x` are kept as `b_x` and `a_x`; `was` and `is_known` say on which day it was known.
    """
    columns = [c.name for c in table.stored if c.name not in table.key]
    sides = "".join(
        f", {side}.{quote(c)} as {quote(f'{side}_{c}')}" for c in columns for side in "ba"
    )
    return f"""
    create temp table pairs as
    with touched as (
      select distinct {_keys(table)} from stated
      where not _confirms and as_of > date '{first}' and as_of <= date '{last}'
    ), b as ({_newest_sql(table, first)}), a as ({_newest_sql(table, last)})
    select {_keys(table)}, a.as_of, a._ingest, not a._deleted as is_known,
           coalesce(not b._deleted, false) as was{sides}
    from a left join b using ({_keys(table)})
    where was or is_known
    """


def _come_and_gone(con: duckdb.DuckDBPyConnection, table: Table, first: dt.date) -> pd.DataFrame:
    """Return the keys that appeared or vanished."""
    late = "false"
    if table.date:
        day = quote(table.date if table.date in table.key else f"a_{table.date}")
        late = f"coalesce({_last_day_sql(table, day)} <= date '{first}', false)"
    frame = con.sql(
        f"select {_keys(table)}, as_of, _ingest, is_known, {late} as late from pairs "
        "where was <> is_known"
    ).df()
    appeared = np.where(frame.pop("late"), "late report", "new period")
    is_known = frame.pop("is_known").to_numpy(dtype=bool)
    return frame.assign(
        change=np.where(is_known, "appeared", "vanished"),
        cause=np.where(is_known, appeared, "withdrawn"),
        **dict.fromkeys(("column", "before", "after")),
    )


def _last_day_sql(table: Table, day: str) -> str:
    """Return SQL for the last day of a row's own period."""
    kind = table.column(str(table.date)).kind
    if kind == "week":
        return f"({day} + interval 6 day)"
    return f"last_day({day})" if kind == "month" else f"cast({day} as date)"


def _changed(con: duckdb.DuckDBPyConnection, table: Table, column: str) -> pd.DataFrame:
    """Return the keys known on both days whose value in a column differs, both values kept."""
    before, after = quote(f"b_{column}"), quote(f"a_{column}")
    rows = con.sql(
        f"select {_keys(table)}, as_of, _ingest, {before} as before, {after} as after from pairs "
        f"where was and is_known and {before} is distinct from {after}"
    ).to_arrow_table()
    frame = rows.drop_columns(["before", "after"]).to_pandas(date_as_object=False)
    for side in ("before", "after"):  # Python values: an integer stays one beside a missing value
        frame[side] = pd.Series(rows[side].to_pylist(), index=frame.index, dtype=object)
    return frame.assign(change="changed", column=column, cause="correction")


def _judged(
    con: duckdb.DuckDBPyConnection, table: Table, column: str, part: pd.DataFrame, first: dt.date
) -> pd.DataFrame:
    """Mark the rows of each file that follow one pattern which nearly the whole column follows."""
    for ingest, rows in part.groupby("_ingest"):
        both = rows[rows["before"].notna() & rows["after"].notna()]
        if len(both) < _LEAST_ROWS:
            continue
        follows = _pattern(both["before"], both["after"])
        if follows.sum() < _MOST * len(both):
            continue
        unchanged = _unchanged(con, table, column, int(str(ingest)), first)
        if follows.sum() >= _MOST * (len(both) + unchanged):
            part.loc[both.index[follows], "cause"] = "definition change"
    return part


def _unchanged(
    con: duckdb.DuckDBPyConnection, table: Table, column: str, ingest: int, first: dt.date
) -> int:
    """Return in how many rows a file left a column as it was known; zeros do not count."""
    before, after, own = quote(f"b_{column}"), quote(f"a_{column}"), quote(column)
    number = table.column(column).kind in ("integer", "number")
    [(restated,)] = con.sql(
        f"select count(*) from pairs where was and is_known and _ingest = {ingest} "
        f"and {before} = {after} {f'and {before} <> 0' if number else ''}"
    ).fetchall()
    [(confirmed,)] = con.sql(
        f"""
        with touched as (
          select distinct {_keys(table)} from stated where _confirms and _ingest = {ingest}
        )
        select count(*) from ({_newest_sql(table, first)})
        where not _deleted and {own} is not null {f"and {own} <> 0" if number else ""}
        """
    ).fetchall()
    return int(restated + confirmed)


# -- patterns -------------------------------------------------------------------------------------


def _pattern(before: pd.Series, after: pd.Series) -> np.ndarray:
    """Return which rows follow the pattern that most rows have in common."""
    kind = type(before.iloc[0])
    if kind in (int, float):
        b, a = before.to_numpy(dtype=float), after.to_numpy(dtype=float)
        ratio, difference = _common_ratio(b, a), _common_difference(b, a)
        return ratio if ratio.sum() >= difference.sum() else difference
    if issubclass(kind, dt.date):
        days = [pd.to_datetime(side).astype("int64").to_numpy(float) for side in (before, after)]
        return _common_difference(*days)
    if kind is str:
        return _renaming(before, after)
    return np.zeros(len(before), dtype=bool)


def _common_ratio(b: np.ndarray, a: np.ndarray) -> np.ndarray:
    some = (b != 0) & (a != 0)
    if not some.any():
        return some
    ratio = float(np.median(a[some] / b[some]))
    near = np.abs(a - ratio * b) <= _NEAR * np.abs(ratio * b)
    if abs(ratio) >= _COARSE:
        near |= np.abs(a / ratio - b) <= 0.5
    elif abs(ratio) <= 1 / _COARSE:
        near |= np.abs(a - ratio * b) <= 0.5
    return some & near


def _common_difference(b: np.ndarray, a: np.ndarray) -> np.ndarray:
    difference = np.median(a - b)
    near: np.ndarray = np.abs(a - b - difference) <= _NEAR * abs(difference)
    return near


def _renaming(before: pd.Series, after: pd.Series) -> np.ndarray:
    if before.nunique() > len(before) / 2:
        return np.zeros(len(before), dtype=bool)

    def most(values: pd.Series) -> Any:
        return values.mode().iloc[0]

    there = after.groupby(before).transform(most)
    back = before.groupby(after).transform(most)
    return ((there == after) & (back == before)).to_numpy()
