"""Indicators become one table: date × place × indicator, re-aggregated as ratios of sums."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from ioc_analytics import sectors
from ioc_analytics.contracts import Indicator
from ioc_analytics.errors import ContractError
from ioc_analytics.lake.crosswalk import crosswalk
from ioc_analytics.lake.indicator_sql import FREQUENCIES, Member, Span, compiled
from ioc_analytics.lake.store import Store
from ioc_analytics.places import CITY, WARDS_UNTIL, places, ward_codes, ward_codes_2025
from ioc_analytics.text import nearest

__all__ = ["FREQUENCIES", "measure", "panel"]

_RENEWED = WARDS_UNTIL + dt.timedelta(days=1)
_GROUPS: dict[str, Callable[[], Sequence[str]]] = {
    "ward": ward_codes,
    "ward2025": ward_codes_2025,
    "city": lambda: [CITY],
}
_NUMBERS = ("value", "numerator", "denominator", "coverage")
_STARTS = {"D": "D", "W": "W-MON", "M": "MS", "Q": "QS", "Y": "YS"}


def panel(
    store: Store,
    indicators: Sequence[str],
    freq: str = "W",
    locations: str | Sequence[str] = "ward",
    *,
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
    as_of: str | dt.date | None = None,
    min_coverage: float = 1.0,
) -> pd.DataFrame:
    r"""Return indicators by period and place, as known on a day.

    Parameters
    ----------
    store : Store
        The lake.
    indicators : sequence of str
        Ids such as "epidemic.new_cases".
    freq : {"D", "W", "M", "Q", "Y"}
        Length of a period; not shorter than the indicator's own. Weeks start on Monday.
    locations : "ward", "ward2025", "city" or sequence of codes
        "ward" is the 34 wards that stood until 30 June 2025, "ward2025" the 12 since then (before,
        they are made of the old ones by `lake.crosswalk`), "city" is 769, also as the sum of the
        12 wards that took its place.
    start, end : date, optional
        First and last period start.
    as_of : date, optional
        Use only what was known on that day.
    min_coverage : float in (0, 1]
        Share of a period's base rows (days × places) that must be present. The default 1 keeps a
        period with any missing day missing: a partial sum looks like a fall.

    Returns
    -------
    DataFrame
        Index `date` (period starts, without holes), columns MultiIndex `(indicator, location)`.
        NaN means that the value is not known; it is never 0 for that.

    Raises
    ------
    ContractError
        Unknown indicator, place or frequency, or a period shorter than the indicator's own.
    LakeError
        A table that an indicator needs holds no data.

    Notes
    -----
    The value is ``scale * sum(numerator) / sum(denominator)`` over days and places, so that the
    city's rate is never a mean of the wards' rates. The city's own rows come first; on days (for
    stocks: in periods) for which it has none its wards are added up, all 34 of them being required
    at full coverage.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from ioc_analytics.lake import open_lake
    >>> folder = tempfile.TemporaryDirectory()
    >>> export = Path(folder.name, "cases.csv")
    >>> rows = [f"2021-07-{day:02},769,{day}" for day in range(5, 12)]
    >>> _ = export.write_text("date,location,new_cases\n" + "\n".join(rows))
    >>> lake = open_lake(f"{folder.name}/lake")
    >>> print(lake.ingest(export, "epidemic.cases_daily", as_of="2021-07-12"))
    cases.csv → epidemic.cases_daily, as known on 2021-07-12: 7 rows stored.
    >>> float(panel(lake, ["epidemic.new_cases"], "W", "city").squeeze())
    56.0
    >>> folder.cleanup()
    """
    indicators = list(dict.fromkeys(indicators))
    long = measure(store, indicators, freq, locations, start=start, end=end, as_of=as_of)
    long.loc[long["coverage"] < min_coverage - 1e-9, "value"] = np.nan
    wide = long.pivot(index="date", columns=["indicator", "location"], values="value")
    codes = _codes(locations)
    wide = wide.reindex(
        columns=pd.MultiIndex.from_product(
            [list(indicators), codes], names=["indicator", "location"]
        )
    )
    if len(wide):
        wide = wide.reindex(pd.date_range(wide.index[0], wide.index[-1], freq=_STARTS[freq]))
    return wide.astype(float).rename_axis(index="date")


def measure(
    store: Store,
    indicators: Sequence[str],
    freq: str = "W",
    locations: str | Sequence[str] = "ward",
    *,
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
    as_of: str | dt.date | None = None,
) -> pd.DataFrame:
    """Return what `panel` shows in long form, with what it rests on.

    Parameters
    ----------
    store, indicators, freq, locations, start, end, as_of
        As in `panel`.

    Returns
    -------
    DataFrame
        `indicator, location, date, value, numerator, denominator, n, coverage`, a row for each
        period with at least one base row (events: with a covered day). `n` counts base rows;
        `coverage` is the share of a complete period's days and places that have one.
    """
    chosen = [sectors.indicator(i) for i in dict.fromkeys(indicators)]
    codes = _codes(locations)
    for indicator in chosen:
        _require_frequency(indicator, freq)
    query = compiled(chosen, freq, _members(codes), _spans(store, chosen, as_of))
    long = store.aggregate(f"select * from ({query}) order by indicator, location, date", as_of)
    long["date"] = pd.to_datetime(long["date"]).astype("datetime64[ns]")
    if start is not None:
        long = long[long["date"] >= pd.Timestamp(start)]
    if end is not None:
        long = long[long["date"] <= pd.Timestamp(end)]
    return long.astype(dict.fromkeys(_NUMBERS, float)).reset_index(drop=True)


def _codes(locations: str | Sequence[str]) -> list[str]:
    if isinstance(locations, str):
        if locations not in _GROUPS:
            raise ContractError(
                f"locations is {', '.join(f'“{g}”' for g in _GROUPS)} or a list of codes, "
                f"not “{locations}”."
            )
        return list(_GROUPS[locations]())
    for code in locations:
        if code not in places():
            raise ContractError(
                f"There is no place with the code “{code}”{nearest(code, places())}."
            )
    return list(dict.fromkeys(locations))


def _require_frequency(indicator: Indicator, freq: str) -> None:
    if freq not in FREQUENCIES:
        raise ContractError(f"freq is one of {', '.join(FREQUENCIES)}, not “{freq}”.")
    order = list(FREQUENCIES)
    if order.index(freq) < order.index(indicator.freq):
        raise ContractError(
            f"{indicator.id} is known by {FREQUENCIES[indicator.freq]}; "
            f"it has no values by {FREQUENCIES[freq]}."
        )


def _members(codes: Sequence[str]) -> list[Member]:
    """Return what each place is made of: the city of its wards, a new ward of the old ones."""
    members = [Member(code, code, 1.0, 1.0) for code in codes]
    if CITY in codes:
        old, new = ward_codes(), ward_codes_2025()
        members += [Member(CITY, w, 1.0, 1 / len(old), until=str(WARDS_UNTIL)) for w in old]
        members += [Member(CITY, w, 1.0, 1 / len(new), since=str(_RENEWED)) for w in new]
    links = crosswalk()
    whole = links.groupby("new")["weight"].sum()
    members += [
        Member(new, old, weight, weight / float(whole[new]), until=str(WARDS_UNTIL))
        for old, new, weight, _ in links.itertuples(index=False)
        if new in codes
    ]
    return members


def _spans(store: Store, chosen: Sequence[Indicator], as_of: str | dt.date | None) -> list[Span]:
    """Return the days that the files of events cover, whole periods of the table's own length."""
    parts = [sectors.indicator(p.indicator) for i in chosen for p in i.parts]
    names = sorted({i.table for i in (*chosen, *parts) if i.table})
    spans = []
    for table in map(sectors.table, names):
        if table.events:
            covered = store.covered(table.name, as_of)
            first, last = (
                pd.PeriodIndex(covered[side], freq=table.freq or "D") for side in ("first", "last")
            )
            spans += [
                Span(table.name, f"{begin:%F}", f"{end:%F}", place)
                for begin, end, place in zip(
                    first.start_time, last.end_time, covered["place"], strict=True
                )
            ]
    return spans
