"""Checks for what may be true and needs a look: bulk registrations, jumps of a unit."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence

import pandas as pd

from ioc_analytics.lake.findings import Check, Finding, Held
from ioc_analytics.lake.revisions import quote

__all__ = ["SUSPICIONS"]

_OLD_DAYS = 14  # a row registered longer than this after its own day is an old one
_BULK_DAYS = 28  # a registration day is compared with those at most so far from it …
_BULK_NEIGHBOURS = 5  # … of which there must be so many
_BULK_LEAST, _BULK_TIMES, _BULK_SIGMAS = 20, 4, 6  # rows; times the median; robust deviations
_JUMPS = (1, 2, 3, 6)  # powers of ten by which units differ (ten, hundred, thousand, million)


def _bulk_registration(held: Held) -> list[Finding]:
    """Days on which many old rows are registered at once, unlike the days around.

    A row is old when it is registered more than 14 days after its own day: first known (`as_of`)
    that long after its date, or dated that long after the earlier event of the row. A day is found
    when at least 20 old rows came, at least 4 times the median of the registration days within 28
    days (5 or more of them), and more than 6 robust standard deviations (1.4826 MAD, at least the
    root of the median) above it. The first day on which a table was filled does not count. With
    Poisson counts and weekly files the chance of a false alarm is below 1e-5 a day for any mean.
    """
    table = held.table
    if table.date is None:
        return []
    bound = f"as_of <= date '{held.day}'"
    views = [
        f"select as_of as day, as_of - {held.own_day} as age from past where _first and {bound}"
    ]
    earlier = table.column(table.date).not_before
    if earlier and table.column(earlier).kept:
        own = f"cast({quote(earlier)} as date)"
        views.append(f"select {held.own_day} as day, {held.own_day} - {own} as age from known")
    found = []
    for i, view in enumerate(views):
        counts = held.rows(
            f"select day, count(*) filter (age > {_OLD_DAYS}) from ({view}) where day is not null "
            "group by day order by day"
        )
        for day, n, usual in _bursts(counts if i else counts[1:]):
            vi = f"{n} dòng cũ hơn {_OLD_DAYS} ngày được nhập trong ngày {day}; thường là {usual:g}"
            en = f"{n} rows older than {_OLD_DAYS} days came in on {day}; usual are {usual:g}"
            found.append(Finding("bulk_registration", "warning", n, vi, en, None, day))
    return found


def _bursts(counts: Sequence[tuple[dt.date, int]]) -> Iterator[tuple[dt.date, int, float]]:
    """Yield the days whose count stands out from the days around, with their median."""
    frame = pd.DataFrame(counts, columns=["day", "n"])
    for i, (day, n) in enumerate(counts):
        if n < _BULK_LEAST:
            continue
        far = (pd.to_datetime(frame["day"]) - pd.Timestamp(day)).dt.days.abs()
        around = frame["n"][(far <= _BULK_DAYS) & (frame.index != i)]
        if len(around) < _BULK_NEIGHBOURS:
            continue
        usual = float(around.median())
        spread = max(1.4826 * float((around - usual).abs().median()), math.sqrt(max(usual, 1)))
        if n >= _BULK_TIMES * usual and n > usual + _BULK_SIGMAS * spread:
            yield day, n, usual


def _unit_jump(held: Held) -> list[Finding]:
    """Series whose level jumps by about 10, 100, 1000 or a million from one period to the next.

    The medians of the 5 periods before and of the up to 5 from the jump on differ by such a factor
    within 25 %, the two values at the jump within 60 %, and on each side no value is more than 2.5
    times another; a factor of 10 needs 3 periods after it, counts a level of 3.
    """
    table, found = held.table, []
    if table.events or table.date not in table.key or table.freq is None:
        return []
    for column in table.stored:
        if column.kind not in ("integer", "number") or column.name in table.key:
            continue
        least = 3 if column.kind == "integer" else 0
        found += [
            Finding(
                "unit_jump",
                "warning",
                n,
                f"{column.vi}: mức số liệu đổi khoảng {10.0**power:g} lần từ {day}; có đổi đơn vị?",
                f"{column.name}: the level changes about {10.0**power:g} times from {day}; a unit?",
                place,
                day,
                f"{before:g} → {after:g}",
            )
            for place, n, day, power, before, after in held.rows(
                _jump_sql(held, quote(column.name), least)
            )
        ]
    return found


def _jump_sql(held: Held, name: str, least: int) -> str:
    before = "(o rows between 5 preceding and 1 preceding)"
    after = "(o rows between current row and 4 following)"
    return f"""
    with s as (
      select {held.place} as place, {held.own_day} as day, cast({name} as double) as x,
             lag(x) over o as last, count(x) over {before} as b_n, median(x) over {before} as b,
             min(x) over {before} as b_low, max(x) over {before} as b_high,
             count(x) over {after} as a_n, median(x) over {after} as a,
             min(x) over {after} as a_low, max(x) over {after} as a_high
      from known where {name} is not null
      window o as (partition by {held.series()} order by {quote(str(held.table.date))})
    ), j as (
      select *, log10(a / b) as step, round(step) as power from s
      where b_n = 5 and b_low > 0 and a_low > 0 and least(a, b) >= {least}
        and b_high <= 2.5 * b_low and a_high <= 2.5 * a_low
    )
    select place, count(*), min(day), cast(arg_min(power, day) as integer), arg_min(last, day),
           arg_min(x, day)
    from j where abs(power) in {_JUMPS} and abs(step - power) < 0.1
      and abs(log10(x / last) - power) < 0.2 and (a_n >= 3 or abs(power) >= 2)
    group by place order by place"""


SUSPICIONS: tuple[Check, ...] = (_bulk_registration, _unit_jump)
