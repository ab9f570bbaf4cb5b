"""Checks for what cannot be: rows that contradict themselves, each other or the table's laws."""

from __future__ import annotations

from ioc_analytics import sectors
from ioc_analytics.contracts import Column, Table
from ioc_analytics.lake.clock import create_clock
from ioc_analytics.lake.findings import Check, Finding, Held
from ioc_analytics.lake.revisions import quote
from ioc_analytics.lake.thresholds import threshold_problems, thresholds
from ioc_analytics.places import CITY, ward_codes

__all__ = ["CONTRADICTIONS"]

_FEW = 0.001  # a smaller share of rows alike can be chance: a note
_NOT_ADDED = ("%", "điểm", "năm", "tuổi", "°", "độ")  # units of whole numbers that do not add up


def _duplicates(held: Held) -> list[Finding]:
    """Events of the same content under different keys.

    Only where content tells events apart: some column holds free text or a time of day, and at
    least half of the rows have a content of their own.
    """
    table = held.table
    if not table.events:
        return []
    content = [c for c in table.stored if c.kind != "geometry" and c.name not in table.key]
    telling = [c for c in content if c.kind == "datetime" or (c.kind == "text" and not c.allowed)]
    if not telling:
        return []
    named = ", ".join(quote(c.name) for c in content)
    some = " or ".join(f"{quote(c.name)} is not null" for c in telling)
    [(rows, alike, extra, first, example)] = held.rows(f"""
    with groups as (
      select count(*) as n, min({held.own_day}) as day, min({held.key}) || ' = ' || max({held.key})
             as example from known where {some} group by hash({named})
    )
    select sum(n), sum(n) filter (n > 1), sum(n - 1), min(day) filter (n > 1),
           any_value(example) filter (n > 1) from groups""")
    if not extra or alike > rows / 2:
        return []
    return [
        Finding(
            "duplicates",
            "note" if extra < _FEW * rows else "warning",
            int(extra),
            f"{extra} dòng trùng nội dung với dòng khác nhưng khác mã",
            f"{extra} rows repeat the content of another under a different key",
            date=first,
            example=example,
        )
    ]


def _falling_cumulative(held: Held) -> list[Finding]:
    """Find running totals that fall; those by month or quarter begin anew each year."""
    table, found = held.table, []
    if table.date not in table.key:
        return []
    yearly = f", year({held.own_day})" if table.freq in ("M", "Q") else ""
    for column in (c for c in table.stored if c.cumulative):
        name = quote(column.name)
        found += [
            Finding(
                "falling_cumulative",
                "error",
                n,
                f"{column.vi}: số cộng dồn giảm {n} lần, lần đầu ngày {day}",
                f"{column.name}: the running total falls {n} times, first on {day}",
                place,
                day,
                f"{before:g} → {after:g}",
            )
            for place, n, day, before, after in held.rows(f"""
            select place, count(*), min(day), arg_min(before, day), arg_min({name}, day) from (
              select {held.place} as place, {held.own_day} as day, {name}, lag({name}) over (
                partition by {held.series()}{yearly} order by {quote(str(table.date))}) as before
              from known where {name} is not null)
            where {name} < before group by place order by place""")
        ]
    return found


def _added(table: Table) -> list[Column]:
    """Return the columns of which the city's figure is the sum of its wards'."""
    summed = {
        i.numerator
        for i in sectors.indicators().values()
        if i.table == table.name and not i.denominator and i.over_space == i.over_time == "sum"
    }
    return [
        c
        for c in table.stored
        if c.name not in table.key
        and (
            (c.kind == "integer" and c.unit and c.unit not in _NOT_ADDED)
            or (c.kind in ("integer", "number") and c.name in summed)
        )
    ]


def _wards_not_city(held: Held) -> list[Finding]:
    """Find sums of all 34 wards that differ from the city's own row."""
    table, found = held.table, []
    if table.events or table.place not in table.key or table.date not in table.key:
        return []
    others = ", ".join(quote(c) for c in table.key if c != table.place)
    wards = ", ".join(f"'{code}'" for code in ward_codes())
    for column in _added(table):
        name = quote(column.name)
        [(n, day, wards_sum, city)] = held.rows(f"""
        select count(*), min(day), arg_min(s, day), arg_min(c, day) from (
          select any_value({held.own_day}) as day, sum({name}) filter ({held.place} in ({wards}))
                 as s, count({name}) filter ({held.place} in ({wards})) as n,
                 max({name}) filter ({held.place} = '{CITY}') as c from known group by {others})
        where n = {len(ward_codes())} and abs(s - c) > 1e-6 * greatest(abs(c), 1)""")
        if n:
            found.append(
                Finding(
                    "wards_not_city",
                    "error",
                    n,
                    f"{column.vi}: {n} kỳ tổng các phường khác số của thành phố",
                    f"{column.name}: in {n} periods the wards do not add up to the city",
                    CITY,
                    day,
                    f"{wards_sum:g} ≠ {city:g}",
                )
            )
    return found


def _event_after_report(held: Held) -> list[Finding]:
    """Events that end before they begin, or lie after the day on which they became known."""
    table = held.table
    laws = [
        (c.name, c.not_before, c.vi, table.column(c.not_before).vi, _before_sql(table, c))
        for c in table.stored
        if c.not_before and table.column(c.not_before).kept
    ]
    if table.date:
        laws.append(
            (
                table.date,
                "as_of",
                "ngày báo cáo",
                table.column(table.date).vi,
                f"{held.own_day} > as_of",
            )
        )
    found = []
    day = held.own_day if table.date else "null::date"
    for name, other, later_vi, earlier_vi, broken in laws:
        [(n, first, example)] = held.rows(
            f"select count(*), min({day}), any_value({held.key}) from known where {broken}"
        )
        if n:
            en = f"{name} before {other}" if other != "as_of" else f"{name} after the report"
            vi = f"{n} dòng: “{later_vi}” trước “{earlier_vi}”"
            found.append(
                Finding(
                    "event_after_report", "error", n, vi, f"{n} rows: {en}", None, first, example
                )
            )
    return found


def _before_sql(table: Table, column: Column) -> str:
    """Return SQL for a row in which a column lies before the event that it cannot precede."""
    sides = [quote(column.name), quote(column.not_before)]
    if "date" in (column.kind, table.column(column.not_before).kind):
        sides = [f"cast({side} as date)" for side in sides]
    return f"{sides[0]} < {sides[1]}"


def _identities(held: Held) -> list[Finding]:
    """Rows that break an arithmetic law of the table."""
    found = []
    day = held.own_day if held.table.date else "null::date"
    for law in held.table.identities:
        if "working_" in law.law:
            create_clock(held.con)
        [(n, first, example)] = held.rows(
            f"select count(*), min({day}), any_value({held.key}) from known where not ({law.law})"
        )
        if n:
            vi, en = f"{n} dòng trái với: {law.vi}", f"{n} rows break: {law.en}"
            found.append(Finding("identity", "error", n, vi, en, None, first, example))
    return found


def _threshold_rows(held: Held) -> list[Finding]:
    """Thresholds of the city's own that no indicator can use."""
    if held.table.name != "settings.thresholds":
        return []
    own = thresholds(held.store, held.day).query("origin == 'lake'")
    return [
        Finding("threshold", "error", 1, f"ngưỡng không dùng được: {why}", f"unusable: {why}")
        for why in threshold_problems(own)
    ]


CONTRADICTIONS: tuple[Check, ...] = (
    _duplicates,
    _falling_cumulative,
    _wards_not_city,
    _event_after_report,
    _identities,
    _threshold_rows,
)
