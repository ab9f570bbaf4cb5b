"""How far each system's data can be relied on: four scores from 0 to 100, and how they went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ioc_analytics import sectors
from ioc_analytics.contracts import Table
from ioc_analytics.lake.contradictions import CONTRADICTIONS
from ioc_analytics.lake.findings import Finding, Held, held
from ioc_analytics.lake.gaps import GAPS, last_day
from ioc_analytics.lake.past import day_of
from ioc_analytics.lake.quality import newest_day
from ioc_analytics.lake.store import Store
from ioc_analytics.places import ward_codes

__all__ = ["readiness", "readiness_history"]

_SCORES = ["completeness", "timeliness", "consistency", "uniqueness"]
_COLUMNS = [
    *("as_of", "system", "name_vi", "name_en", *_SCORES, "overall"),
    *("tables", "tables_held", "rows", "note_vi", "note_en"),
]
_TOO_LATE = 3  # timeliness falls to 0 when a feed is this many times as old as it may be
_TRUNC = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}


def readiness(store: Store, as_of: str | dt.date | None = None) -> pd.DataFrame:
    """Return how ready each of the city's systems is for analysis.

    Parameters
    ----------
    store : Store
        The lake.
    as_of : date or ISO text, optional
        Judge what was known on that day, and its age on that day; default all that is known, on
        the newest `as_of` of a table whose rows have days.

    Returns
    -------
    DataFrame
        A row for each system, in the city's order: `as_of, system, name_vi, name_en, completeness,
        timeliness, consistency, uniqueness, overall` (0 to 100), `tables` (declared),
        `tables_held, rows, note_vi, note_en`. A system without data has no scores (NaN) and the
        note “chưa có dữ liệu”.

    Notes
    -----
    Of each table:

    - *completeness*: share of the expected cells that are there: periods × places from a place's
      first to the table's last (`missing_days`), all periods of wards without any row; for events
      the days that files cover between the first and the last. A declared table that holds nothing
      has 0.
    - *timeliness*: 100 until the newest period is `due_days` old, then falling evenly to 0 at three
      times that age; no score where no `due_days` is declared.
    - *consistency*: share of the rows read that were neither refused (but for repeats) nor in an
      error of the checks for contradictions.
    - *uniqueness*: share of the rows read that repeat no other, under its key or another.

    A system's score is the mean over its tables that have one; `overall` is the lowest of the
    four, for the weakest side limits what the data can be used for. Suspicions do not count.

    Examples
    --------
    >>> import tempfile
    >>> from ioc_analytics.lake import open_lake
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     frame = readiness(open_lake(f"{folder}/lake"))
    >>> frame.loc[0, ["system", "note_vi", "note_en"]].to_list()
    ['economy', 'chưa có dữ liệu', 'no data yet']
    """
    if as_of:
        return readiness_history(store, [as_of])
    newest = newest_day(store)
    if newest is None:
        return _rated(store, [(dt.date.today(), dt.date.today())])
    return _rated(store, [(newest, newest_day(store, feeds=True) or newest)])


def readiness_history(store: Store, days: Sequence[str | dt.date]) -> pd.DataFrame:
    """Return `readiness` as it was on each of several days.

    Parameters
    ----------
    store : Store
        The lake.
    days : sequence of date or ISO text
        Days of knowledge; each table is read once for all of them.

    Returns
    -------
    DataFrame
        As `readiness`, a row for each day and system, in the order of `days`.
    """
    return _rated(store, [(day_of(day), day_of(day)) for day in days])


def _rated(store: Store, wanted: Sequence[tuple[dt.date, dt.date]]) -> pd.DataFrame:
    """Return the systems' scores for pairs of a day of knowledge and the day it is seen from."""
    refused = store.rejects()
    scores: list[_Score] = []
    for name in store.tables():
        table = sectors.table(name)
        with held(store, table) as at:
            some = refused[refused["table"] == name]
            scores += [s for known, day in wanted if (s := _score(at(known, day), some))]
    rated = [s for s in sectors.systems() if s != "settings"]
    rows = [_system_row(day, system, scores) for _, day in wanted for system in rated]
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame[[*_SCORES, "overall"]] = frame[[*_SCORES, "overall"]].astype(float)
    return frame.assign(as_of=pd.to_datetime(frame["as_of"]))


@dataclass(frozen=True, slots=True)
class _Score:
    """One table's scores on a day."""

    table: Table
    day: dt.date
    rows: int
    completeness: float
    timeliness: float | None
    consistency: float
    uniqueness: float


def _score(here: Held, refused: pd.DataFrame) -> _Score | None:
    """Return a table's scores; None where it held nothing on that day."""
    files = here.files()
    if files.empty:
        return None
    [(rows,)] = here.rows("select count(*) from known")
    gaps = [f for check in GAPS for f in check(here)]
    broken = [f for check in CONTRADICTIONS for f in check(here)]
    repeats = int(
        (
            refused["ingest_id"].isin(files["ingest_id"])
            & refused["reason"].str.startswith("repeats line")
        ).sum()
    )
    lost = max(int(files["rejected"].sum()) - repeats, 0)
    wrong = sum(f.n for f in broken if f.severity == "error")
    twice = sum(f.n for f in broken if f.check == "duplicates")
    return _Score(
        here.table,
        here.today,
        rows,
        _completeness(here, gaps),
        _timeliness(here),
        _share_left(wrong + lost, rows + lost),
        _share_left(twice + repeats, rows + repeats),
    )


def _share_left(bad: int, all_rows: int) -> float:
    """Return 100 less the share of bad rows, in percent."""
    return 100.0 * (1 - min(bad / all_rows, 1.0)) if all_rows else 0.0


def _completeness(here: Held, gaps: list[Finding]) -> float:
    table = here.table
    missing = sum(f.n for f in gaps if f.check == "missing_days")
    wards = sum(f.n for f in gaps if f.check == "missing_wards")
    if table.events:
        spans = here.store.covered(table.name, here.day)
        covered = {
            (place, day)
            for first, last, place in spans.to_numpy().tolist()
            for day in pd.date_range(first, last)
        }
        return _share_left(missing, len(covered) + missing)
    if table.freq is None or table.date is None:
        return _share_left(wards, len(ward_codes()))
    period = f"date_trunc('{_TRUNC[table.freq]}', {here.own_day})"
    [(cells, periods)] = here.rows(
        f"select count(distinct ({here.place}, {period})), count(distinct {period}) from known"
    )
    missing += wards * periods
    return _share_left(missing, cells + missing)


def _timeliness(here: Held) -> float | None:
    due, last = here.table.due_days, last_day(here)
    if due is None or last is None:
        return None
    late = (here.today - last).days - due
    return 100.0 * (1 - min(max(late / ((_TOO_LATE - 1) * max(due, 1)), 0.0), 1.0))


def _system_row(day: dt.date, system: str, scores: list[_Score]) -> list[object]:
    names = sectors.systems()[system]
    tables = [t for t in sectors.tables().values() if t.system == system]
    own = [s for s in scores if s.day == day and s.table.system == system]
    head, counts = [day, system, names.vi, names.en], [len(tables), len(own)]
    if not own:
        return [*head, *[None] * 5, *counts, 0, "chưa có dữ liệu", "no data yet"]
    absent = [0.0] * (len(tables) - len(own))
    means = [
        _mean([*(s.completeness for s in own), *absent]),
        _mean([s.timeliness for s in own if s.timeliness is not None]),
        _mean([s.consistency for s in own]),
        _mean([s.uniqueness for s in own]),
    ]
    overall = min(m for m in means if m is not None)
    lack = len(absent)
    notes = (f"{lack} bảng chưa có dữ liệu", f"{lack} tables without data") if lack else ("", "")
    return [*head, *means, overall, *counts, sum(s.rows for s in own), *notes]


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
