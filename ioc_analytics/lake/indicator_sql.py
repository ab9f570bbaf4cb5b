"""Indicators, declared as data, become one SQL query over the tables of the lake.

The query goes through four steps, each a `with` part:

1. `daily`: one scan of each table gives the numerator and denominator of each of its indicators by
   place and day.
2. `parted`: days become periods, for each place asked for and each part that it is made of.
3. `whole`: parts are added up; a median is taken over all rows at once.
4. `compared`: what compares a value with past periods, or earns points, is formed from `whole`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ioc_analytics import sectors
from ioc_analytics.contracts import Indicator, Table
from ioc_analytics.errors import ContractError
from ioc_analytics.lake.revisions import quote
from ioc_analytics.places import CITY, ward_codes, ward_codes_2025

__all__ = ["FREQUENCIES", "Member", "Span", "compiled"]

_OF_THE_CITY = (CITY, *ward_codes(), *ward_codes_2025())
_PEOPLE = """
    select m.location, sum(m.weight * w.population)::double as people
    from members m join geography.wards w on w.ward_code = m.part group by m.location"""
FREQUENCIES = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}


@dataclass(frozen=True, slots=True)
class Member:
    """A part of a place: what share of the part's rows counts for it, and on which days.

    `share` is what the part is of the whole, so that the shares of one day add up to 1.
    """

    location: str
    part: str
    weight: float
    share: float
    since: str = "0001-01-01"
    until: str = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Span:
    """Days that the files of a table of events cover; `place` None means all wards."""

    table: str
    first: str
    last: str
    place: str | None = None


def compiled(
    chosen: Sequence[Indicator], freq: str, members: Sequence[Member], spans: Sequence[Span]
) -> str:
    """Return one query for all indicators.

    Parameters
    ----------
    chosen : sequence of Indicator
        Those asked for; what they are made of is added.
    freq : {"D", "W", "M", "Q", "Y"}
        Length of a period.
    members : sequence of Member
        What each place asked for is made of; a place is its own part.
    spans : sequence of Span
        For tables of events: the days on which a place without row had no event.

    Returns
    -------
    str
        Gives `indicator, location, date (start of the period), value, numerator, denominator, n,
        coverage` for each period with data, in no order.
    """
    everything = _with_parts(chosen)
    base = [i for i in everything if not i.parts]
    medians = [i for i in base if i.over_time == "median"]
    steps = [
        f"members as ({_members_sql(members)})",
        f"facts as ({_facts_sql(base)})",
        f"covered_days as ({_covered_sql(spans)})",
        *_daily_steps([i for i in base if i not in medians], members),
        f"own_figures as materialized ({_own_sql(freq)})",
        f"parted as ({_parted_sql(freq)})",
        f"covered_periods as ({_covered_periods_sql(freq)})",
        f"filled as ({_filled_sql()})",
        f"medians as ({_medians_sql(medians, freq)})",
        *([f"people as ({_PEOPLE})"] if any(i.denominator == "population" for i in base) else []),
        f"whole as materialized ({_whole_sql(base, freq)})",
        f"compared as ({_compared_sql(everything, freq)})",
    ]
    ids = _texts(i.id for i in chosen if not i.parts)
    asked = [f"select * from compared where indicator in ({ids})"]
    asked += [_composite_sql(i) for i in chosen if i.parts]
    return f"with {', '.join(steps)} {' union all '.join(asked)}"


def _with_parts(chosen: Iterable[Indicator]) -> list[Indicator]:
    """Return the indicators with those that composites among them are made of."""
    found: dict[str, Indicator] = {}
    for indicator in chosen:
        for part in indicator.parts:
            found[part.indicator] = sectors.indicator(part.indicator)
            if found[part.indicator].parts:
                raise ContractError(f"{indicator.id}: its part {part.indicator} has parts itself.")
        found[indicator.id] = indicator
    return list(found.values())


# -- small relations ------------------------------------------------------------------------------


def _members_sql(members: Sequence[Member]) -> str:
    rows = [
        f"('{m.location}', '{m.part}', {m.weight!r}::double, {m.share!r}::double, "
        f"date '{m.since}', date '{m.until}')"
        for m in members
    ]
    return f"from (values {', '.join(rows)}) m(location, part, weight, share, since, until)"


def _facts_sql(base: Sequence[Indicator]) -> str:
    """Return what the steps need to know of each indicator."""
    rows = [
        f"('{i.id}', '{i.table}', '{i.over_time}', {i.over_space == 'own'}, "
        f"{sectors.table(i.table).events}, {i.denominator is None})"
        for i in base
    ]
    columns = "indicator, source, over_time, own, events, plain"
    return f"from (values {', '.join(rows)}) f({columns})"


def _covered_sql(spans: Sequence[Span]) -> str:
    """Return each day that a table of events covers, for each part (null: all of them)."""
    if not spans:
        return "select null::text as source, null::text as place, null::date as day where false"
    rows = [f"('{s.table}', {_text(s.place)}, date '{s.first}', date '{s.last}')" for s in spans]
    return (
        "select distinct source, place, unnest(generate_series(first, last, interval 1 day))::date "
        f"as day from (values {', '.join(rows)}) s(source, place, first, last)"
    )


# -- step 1: one scan of each table ---------------------------------------------------------------


def _daily_steps(base: Sequence[Indicator], members: Sequence[Member]) -> list[str]:
    groups: dict[tuple[str, str], list[Indicator]] = {}
    for indicator in base:
        days = "open" if indicator.over_time == "open" else _day_of(indicator)
        groups.setdefault((indicator.table, days), []).append(indicator)
    steps, singles = [], []
    parts = sorted({m.part for m in members})
    for number, ((_, days), group) in enumerate(groups.items()):
        if days == "open":
            singles += [_deltas_sql(i, parts) for i in group]
            continue
        steps.append(f"scan_{number} as materialized ({_scan_sql(days, group, parts)})")
        singles += [
            f"select '{i.id}' as indicator, part, day, num_{k} as num, den_{k} as den, n_{k} as n "
            f"from scan_{number} where n_{k} > 0"
            for k, i in enumerate(group)
        ]
    nothing = (
        "select null::text as indicator, null::text as part, null::date as day, "
        "null::double as num, null::double as den, null::bigint as n where false"
    )
    return [*steps, f"daily as ({' union all '.join(singles) or nothing})"]


def _scan_sql(day: str, group: Sequence[Indicator], parts: Sequence[str]) -> str:
    """Return the sums of all indicators of one table by place and day; each row is read once."""
    table = sectors.table(group[0].table)
    cells, sums = [], []
    for k, indicator in enumerate(group):
        x, y = f"x_{k}", f"y_{k}"
        cells.append(f"{_where(indicator, indicator.numerator)} as {x}")
        together = "max" if indicator.over_time == "max" else "sum"
        if _divisor(indicator) == "1":
            sums += [f"{together}({x}) as num_{k}", f"count({x})::double as den_{k}"]
            sums += [f"count({x}) as n_{k}"]
        else:
            cells.append(f"{_where(indicator, _divisor(indicator))} as {y}")
            sums += [f"{together}({x}) filter (where {y} is not null) as num_{k}"]
            sums += [f"sum({y}) filter (where {x} is not null) as den_{k}"]
            sums += [f"count({x}) filter (where {y} is not null) as n_{k}"]
    return (
        f"select part, day, {', '.join(sums)} from ("
        f"select {_place(table)} as part, {day} as day, {', '.join(cells)} from {_named(table)} "
        f"where {_place(table)} in ({_texts(parts)}) and {day} is not null) group by part, day"
    )


def _where(indicator: Indicator, expression: str) -> str:
    """Return an expression that is null on the rows that do not count for an indicator."""
    number = _number(expression)
    return f"case when {indicator.where} then {number} end" if indicator.where else number


def _deltas_sql(indicator: Indicator, parts: Sequence[str]) -> str:
    """Return what opens and closes by day: the running total of it is what is open.

    Nothing is known of the days after the last one that a file covers.
    """
    table = sectors.table(indicator.table)
    place, opened = _place(table), f"cast({indicator.opened} as date)"
    closed = f"cast({indicator.closed} as date)" if indicator.closed else "null::date"
    num, den = _number(indicator.numerator), _number(_divisor(indicator))
    here = f"{place} in ({_texts(parts)}) and {_known(indicator)} and {opened} is not null"
    return f"""
    select '{indicator.id}' as indicator, part, day, sum(num) as num, sum(den) as den,
           sum(n)::bigint as n
    from (
      with items as materialized (
        select {place} as part, {opened} as opened, {closed} as closed, sum({num}) as num,
               sum({den}) as den, count(*) as n
        from {_named(table)} where {here} and ({closed} is null or {closed} > {opened})
        group by 1, 2, 3
      )
      select part, opened as day, num, den, n from items
      union all
      select part, closed, -num, -den, 0 from items where closed is not null
    )
    where day <= (select max(day) from covered_days where source = '{table.name}')
    group by part, day"""


def _known(indicator: Indicator) -> str:
    """Return the condition under which a row counts for an indicator."""
    known = f"({indicator.numerator}) is not null"
    if _divisor(indicator) != "1":
        known += f" and ({_divisor(indicator)}) is not null"
    return f"{known} and ({indicator.where})" if indicator.where else known


def _divisor(indicator: Indicator) -> str:
    return "1" if indicator.denominator in (None, "population") else str(indicator.denominator)


def _day_of(indicator: Indicator) -> str:
    return f"cast({quote(indicator.date or str(sectors.table(indicator.table).date))} as date)"


def _place(table: Table) -> str:
    """Return the place of a row; an event without one happened somewhere in the city."""
    place = quote(str(table.place))
    return f"coalesce({place}, '{CITY}')" if table.events else place


# -- steps 2 and 3: periods, parts, places --------------------------------------------------------


def _own_sql(freq: str) -> str:
    """Return when a place that is made of others has a figure of its own, which comes first."""
    period = _period("d.day", freq)
    return f"""
    select distinct d.indicator, d.part as location,
           case f.over_time when 'last' then {period} else d.day end as moment
    from daily d join facts f using (indicator)
    where not f.events and d.part in (select location from members where location <> part)"""


def _parted_sql(freq: str) -> str:
    """Return the sum, newest or highest figure of each part within each period.

    Events of a place without a part come on top of those of its parts.
    """
    period = _period("d.day", freq)
    return f"""
    select d.indicator, m.location, d.part, {period} as date, m.weight, m.share,
      case f.over_time when 'last' then arg_max(d.num, d.day) when 'max' then max(d.num)
        else sum(d.num) end * m.weight as num,
      case f.over_time when 'last' then arg_max(d.den, d.day) else sum(d.den) end
        * m.weight as den,
      sum(d.n)::bigint as n,
      case f.over_time when 'last' then 1 else count(*) end as days
    from daily d join facts f using (indicator)
    join members m on m.part = d.part and d.day between m.since and m.until
    left join own_figures o on m.location <> m.part and o.indicator = d.indicator
     and o.location = m.location
     and o.moment = case f.over_time when 'last' then {period} else d.day end
    where o.moment is null and (not f.own or m.location = m.part)
    group by d.indicator, m.location, d.part, m.weight, m.share, f.over_time, {period}"""


def _covered_periods_sql(freq: str) -> str:
    """Return how many days of a period the files of events cover, for each part.

    A file that names no place is about the city and its wards, and says nothing of the province.
    What a place made of others is covered by is what its parts are.
    """
    return f"""
    select c.source, m.location, m.part, m.weight, {_period("c.day", freq)} as date,
      count(distinct c.day) * case when m.location = m.part and m.location in
        (select location from members where location <> part) then 0 else m.share end as covered
    from covered_days c join members m
      on (c.place = m.part or (c.place is null and m.part in ({_texts(_OF_THE_CITY)})))
     and c.day between m.since and m.until
    group by c.source, m.location, m.part, m.weight, m.share, {_period("c.day", freq)}"""


def _filled_sql() -> str:
    """Return figures as they are; events with 0 where they are covered and none happened.

    What is open at the end of a period is the running total of what opened and closed.
    """
    running = "partition by e.indicator, e.location, e.part, e.weight order by e.date"
    return f"""
    select p.indicator, p.location, p.date, p.num, p.den, p.n, p.days * p.share as covered
    from parted p join facts f using (indicator) where not f.events
    union all
    select e.indicator, e.location, e.date,
      case e.over_time when 'open' then sum(e.num) over ({running}) else e.num end,
      case e.over_time when 'open' then sum(e.den) over ({running}) else e.den end,
      e.n, e.covered
    from (
      select f.indicator, f.over_time, coalesce(c.location, p.location) as location,
        coalesce(c.part, p.part) as part, coalesce(c.date, p.date) as date,
        coalesce(c.weight, p.weight) as weight,
        coalesce(p.num, 0) as num, coalesce(p.den, 0) as den, coalesce(p.n, 0) as n,
        coalesce(c.covered, 0) as covered
      from (select f.*, c.* from facts f join covered_periods c using (source) where f.events) c
      full join (select p.* from parted p join facts f using (indicator) where f.events) p
        using (indicator, location, part, weight, date)
      join facts f on f.indicator = coalesce(c.indicator, p.indicator)
      where f.over_time <> 'median' and (not f.own or coalesce(c.location, p.location) = part)
    ) e"""


def _medians_sql(base: Sequence[Indicator], freq: str) -> str:
    """Return medians over all rows of a period; none where a part counts only in part."""
    singles = []
    for i in base:
        table = sectors.table(i.table)
        rows = (
            f"select {_place(table)} as part, {_day_of(i)} as day, {_number(i.numerator)} as num "
            f"from {_named(table)} where {_known(i)}"
        )
        singles.append(f"""
        select '{i.id}' as indicator, m.location, {_period("d.day", freq)} as date,
          median(d.num) as num, 1.0 as den, count(*) as n
        from ({rows}) d join members m on m.part = d.part and d.day between m.since and m.until
        where m.location not in (select location from members where weight < 1)
        group by 2, 3""")
    return " union all ".join(singles) or (
        "select null::text as indicator, null::text as location, null::date as date, "
        "null::double as num, null::double as den, null::bigint as n where false"
    )


def _whole_sql(base: Sequence[Indicator], freq: str) -> str:
    """Return parts added up, with the share of the period that is covered."""
    expected = " ".join(f"when '{i.id}' then {_expected(i, freq)}" for i in base)
    per_person = _texts(i.id for i in base if i.denominator == "population")
    den, join = "sum(w.den)", ""
    if per_person != "null":
        den = f"case when w.indicator in ({per_person}) then max(p.people) else sum(w.den) end"
        join = "left join people p on p.location = w.location"
    return f"""
    select w.indicator, w.location, w.date, sum(w.num) as num, {den} as den,
      sum(w.n)::bigint as n, sum(w.covered) / case w.indicator {expected} end as coverage
    from (
      select indicator, location, date, num, den, n, covered from filled
      union all
      select s.indicator, s.location, s.date, s.num, s.den, s.n, coalesce(c.covered, s.days)
      from (
        select m.*, f.source, f.events, 1 as days from medians m join facts f using (indicator)
      ) s left join (
        select source, location, date, sum(covered) as covered
        from covered_periods group by source, location, date
      ) c using (source, location, date)
    ) w {join}
    group by w.indicator, w.location, w.date"""


def _expected(indicator: Indicator, freq: str) -> str:
    """Return how many base periods (for events: days) a complete period has."""
    if indicator.over_time == "last":
        return "1.0"
    table = sectors.table(indicator.table)
    own = "D" if table.events else table.freq or indicator.freq
    ends = f"(w.date + interval 1 {FREQUENCIES[freq]})::date"
    if own == "W":  # as many as Mondays
        return f"date_diff('week', w.date - 1, {ends} - 1)"
    return f"date_diff('{FREQUENCIES[own]}', w.date, {ends})"


# -- step 4: comparisons and composites -----------------------------------------------------------


def _compared_sql(everything: Sequence[Indicator], freq: str) -> str:
    singles = [_value_sql(i, freq) for i in everything if not i.parts]
    return " union all ".join(singles)


def _value_sql(indicator: Indicator, freq: str) -> str:
    """Return an indicator's value from the sums: plain, a ratio, or beside past periods."""
    raw = "num" if indicator.denominator is None else "num / nullif(den, 0)"
    value = f"{indicator.scale!r} * v / r + {indicator.offset!r}"
    if indicator.against is None:
        shown = raw.replace("num", f"{indicator.scale!r} * num", 1) + f" + {indicator.offset!r}"
        return (
            f"select indicator, location, date, {shown} as value, num as numerator, "
            f"{'null' if indicator.denominator is None else 'den'} as denominator, n, coverage "
            f"from whole where indicator = '{indicator.id}'"
        )
    step = f"interval 1 {FREQUENCIES[freq]}"
    if indicator.against == "year":
        back = "interval 364 day" if freq == "W" else "interval 1 year"
        window = f"range between {back} preceding and {back} preceding"
        needed = 1
    else:
        needed = int(indicator.against)
        first = f"interval {needed} {FREQUENCIES[freq]}"
        window = f"range between {first} preceding and {step} preceding"
    over = f"over (partition by location order by date {window})"
    return f"""
    select indicator, location, date, {value} as value, v as numerator, r as denominator, n,
           coverage
    from (
      select indicator, location, date, {raw} as v, n,
        case when count({raw}) {over} = {needed} then nullif(avg({raw}) {over}, 0) end as r,
        least(coverage, min(coverage) {over}) as coverage
      from whole where indicator = '{indicator.id}'
    )"""


def _composite_sql(indicator: Indicator) -> str:
    """Return the points that the parts earn together; missing where one part is missing."""
    cases = " ".join(
        f"when '{p.indicator}' then {p.points!r} * "
        f"greatest(0, least(1, (value - {p.zero!r}) / {p.full - p.zero!r}))"
        for p in indicator.parts
    )
    ids = _texts(p.indicator for p in indicator.parts)
    total = sum(p.points for p in indicator.parts)
    return f"""
    select '{indicator.id}' as indicator, location, date,
      case when count(value) = {len(indicator.parts)} then
        {indicator.scale!r} * sum(case indicator {cases} end) + {indicator.offset!r} end as value,
      sum(case indicator {cases} end) as numerator, {total!r} as denominator,
      sum(n)::bigint as n, min(coverage) as coverage
    from compared where indicator in ({ids}) group by location, date"""


# -- words of SQL ---------------------------------------------------------------------------------


def _period(day: str, freq: str) -> str:
    return f"date_trunc('{FREQUENCIES[freq]}', {day})::date"


def _number(expression: str) -> str:
    return f"cast({expression} as double)"


def _named(table: Table) -> str:
    return ".".join(map(quote, table.name.split(".")))


def _text(value: str | None) -> str:
    return "null" if value is None else "'" + value.replace("'", "''") + "'"


def _texts(values: Iterable[str]) -> str:
    return ", ".join(map(_text, values)) or "null"
