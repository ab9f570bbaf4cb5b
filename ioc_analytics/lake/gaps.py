"""Checks for what is not there: periods, days of events, wards, news."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

import pandas as pd

from ioc_analytics.lake.findings import Check, Finding, Held
from ioc_analytics.places import ward_codes

__all__ = ["GAPS", "last_day"]

_PERIODS = {"D": "1 day", "W": "1 week", "M": "1 month", "Q": "3 month", "Y": "1 year"}
_TRUNC = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}


def _missing_periods(held: Held) -> list[Finding]:
    """Periods without row between a place's first and the table's last."""
    table = held.table
    if table.events or table.freq is None or table.date is None:
        return []
    step, place = _PERIODS[table.freq], "coalesce(place, '')"
    found = held.rows(f"""
    with have as (
      select distinct coalesce({held.place}, '') as place,
             cast(date_trunc('{_TRUNC[table.freq]}', {held.own_day}) as date) as period
      from known where {held.own_day} is not null
    ), spans as (select place, min(period) as a, (select max(period) from have) as b
                 from have group by place),
    grid as (select place, cast(unnest(generate_series(
        a::timestamp, b::timestamp, interval '{step}')) as date) as period from spans)
    select {place}, count(*), min(period) from grid anti join have using (place, period)
    group by place order by place""")
    return [
        Finding(
            "missing_days",
            "warning",
            n,
            f"{n} kỳ không có số liệu, kỳ đầu là {first}",
            f"{n} periods without figures, the first is {first}",
            place or None,
            first,
        )
        for place, n, first in found
    ]


def _missing_coverage(held: Held) -> list[Finding]:
    """Days between the first and the last that no file of events covers."""
    if not held.table.events:
        return []
    spans = held.store.covered(held.table.name, held.day)
    whole = spans[spans["place"].isna()]
    parts = [(None, whole)] if len(whole) else list(spans.groupby("place"))
    found = []
    for place, some in parts:
        gaps = list(_gaps(zip(some["first"].dt.date, some["last"].dt.date, strict=True)))
        if gaps:
            n, first = sum(days for _, days in gaps), gaps[0][0]
            found.append(
                Finding(
                    "missing_days",
                    "warning",
                    n,
                    f"{n} ngày không có tệp nào bao quát, ngày đầu là {first}",
                    f"{n} days that no file covers, the first is {first}",
                    None if place is None else str(place),
                    first,
                )
            )
    return found


def _gaps(spans: Iterable[tuple[dt.date, dt.date]]) -> Iterator[tuple[dt.date, int]]:
    """Yield the first day and the length of each hole between spans of days."""
    reached: dt.date | None = None
    for first, last in sorted(spans):
        if reached is not None and (days := (first - reached).days - 1) > 0:
            yield reached + dt.timedelta(days=1), days
        reached = last if reached is None else max(reached, last)


def _missing_wards(held: Held) -> list[Finding]:
    """Wards without any row in a table that has some wards."""
    if held.table.events or held.table.place not in held.table.key:
        return []
    seen = {code for (code,) in held.rows(f"select distinct {held.place} from known")}
    absent = [code for code in ward_codes() if code not in seen]
    if not absent or len(absent) == len(ward_codes()):
        return []
    n = len(absent)
    return [
        Finding(
            "missing_wards",
            "warning",
            n,
            f"{n} phường không có dòng nào",
            f"{n} wards have no row at all",
            example=", ".join(absent[:5]),
        )
    ]


def _stale_feed(held: Held) -> list[Finding]:
    """No newer row (or covered day) than `due_days` before `today`."""
    table = held.table
    if table.due_days is None or table.date is None:
        return []
    last = last_day(held)
    age = (held.today - last).days if last else None
    if last is None or age is None or age <= table.due_days:
        return []
    return [
        Finding(
            "stale_feed",
            "error" if age > 3 * table.due_days else "warning",
            age,
            f"số liệu mới nhất là {last}, đã {age} ngày; hạn là {table.due_days} ngày",
            f"the newest figures are of {last}, {age} days ago; due after {table.due_days}",
            date=last,
        )
    ]


def last_day(held: Held) -> dt.date | None:
    """Return the last day about which a table says something: of its newest period, or covered."""
    ends = {"W": "interval 6 day", "M": "interval 1 month - interval 1 day"}
    ends |= {"Q": "interval 3 month - interval 1 day", "Y": "interval 1 year - interval 1 day"}
    if held.table.date is None:
        return None
    freq = None if held.table.events else held.table.freq
    later = f" + {ends[freq]}" if freq in ends else ""
    [(last,)] = held.rows(f"select cast(max({held.own_day}){later} as date) from known")
    if held.table.events:
        covered = held.store.covered(held.table.name, held.day)["last"].max()
        last = max(
            [d for d in (last, None if pd.isna(covered) else covered.date()) if d], default=None
        )
    return None if last is None else min(last, held.day)


GAPS: tuple[Check, ...] = (_missing_periods, _missing_coverage, _missing_wards, _stale_feed)
