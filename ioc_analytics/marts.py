"""Every table that a dashboard reads, built by `ioc build` so that a page never computes."""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from ioc_analytics import sectors
from ioc_analytics.errors import ContractError, NotEnoughData
from ioc_analytics.lake import Lake
from ioc_analytics.lake.boundaries import ward_shapes
from ioc_analytics.lake.panel import measure
from ioc_analytics.places import CITY, REFERENCE, places, ward_codes
from ioc_analytics.text import nearest

__all__ = ["MARTS", "Built", "Mart", "build"]

_WEEKS_SHOWN = 26  # weeks that the overview's slider offers
_SPARK = 26  # periods in a tile's small chart
_TILES = (  # indicator, place, period
    ("epidemic.new_cases", CITY, "W"),
    ("epidemic.new_cases", "79", "W"),
    ("epidemic.new_deaths", "79", "W"),
    ("health.ili_share", "79", "W"),
    ("geography.temperature", "79", "W"),
    ("economy.retail_sales", "VN", "M"),
    ("economy.cpi_yoy", "VN", "M"),
)
_ALL_MODELS = ("naive", "seasonal_naive", "ets", "prophet")


@dataclass(frozen=True, slots=True)
class _Forecast:
    """A family of series that is forecast: what, where, how far and by which models."""

    indicator: str
    locations: tuple[str, ...]
    freq: str
    horizon: int
    models: tuple[str, ...] = _ALL_MODELS
    nonnegative: bool = True


_FORECASTS = (
    _Forecast("epidemic.new_cases", (CITY, "79", "VN"), "W", 4),
    _Forecast("epidemic.new_cases", ward_codes(), "W", 4, ("naive", "ets")),
    _Forecast("epidemic.new_deaths", ("79", "VN"), "W", 4),
    _Forecast("health.ili_cases", ("79",), "W", 4),
    _Forecast("health.ili_share", ("79",), "W", 4),
    _Forecast("economy.retail_sales", ("VN",), "M", 6),
    _Forecast("economy.state_budget_investment", ("79",), "M", 6),
)
_LIBRARIES = ("duckdb", "holidays", "numpy", "pandas", "prophet", "scipy", "statsforecast")
_CUTOFFS = 12  # past days on which the backtest pretends to stand
_LEAST_PERIODS = 16  # complete periods below which nothing is forecast


@dataclass(frozen=True, slots=True)
class Mart:
    """A table that dashboards read: its columns, what it comes from and how it is built."""

    name: str
    sources: tuple[str, ...]
    columns: Mapping[str, pa.DataType]
    make: Callable[[Lake], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did with one mart."""

    name: str
    rows: int
    seconds: float
    reused: bool


def build(
    lake: Lake,
    only: Sequence[str] | None = None,
    *,
    force: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Built]:
    """Build the marts whose sources changed since they were last built.

    Parameters
    ----------
    lake : Lake
        Read and written.
    only : sequence of str, optional
        Names of marts; default all of them.
    force : bool
        Also build what is up to date.
    progress : callable
        Told the name of each mart before it is built.

    Returns
    -------
    list of Built

    Raises
    ------
    ContractError
        `only` names a mart that does not exist.
    """
    known = {m.name: m for m in MARTS}
    for name in only or ():
        if name not in known:
            raise ContractError(
                f"There is no mart “{name}”{nearest(name, known)}. Known: {', '.join(known)}."
            )
    return [_build_one(lake, known[n], force, progress) for n in (only or known)]


def _build_one(lake: Lake, mart: Mart, force: bool, progress: Callable[[str], None]) -> Built:
    fingerprint = _fingerprint(lake, mart)
    before = lake.mart_metadata(mart.name)
    if before and before.get("fingerprint") == fingerprint and not force:
        return Built(mart.name, int(before.get("rows", 0)), 0.0, reused=True)
    progress(mart.name)
    started = time.perf_counter()
    frame, schema = mart.make(lake), pa.schema(mart.columns)
    rows = schema.empty_table()
    if len(frame):
        frame = frame.reindex(columns=schema.names)
        rows = pa.Table.from_pandas(frame, schema, preserve_index=False)
    lake.write_mart(mart.name, rows, {"fingerprint": fingerprint, "rows": str(len(frame))})
    return Built(mart.name, len(frame), time.perf_counter() - started, reused=False)


def _fingerprint(lake: Lake, mart: Mart) -> str:
    """Return what a mart depends on: what its sources hold, reference facts, code, libraries."""
    held = {table: lake.state(table) for table in mart.sources}
    return hashlib.sha256(f"{json.dumps(held, sort_keys=True)}{_code()}".encode()).hexdigest()


@cache
def _code() -> str:
    """Return a digest of everything but the lake that a mart is computed from."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for file in [*sorted(package.rglob("*.py")), *sorted(REFERENCE.glob("*.csv"))]:
        if not {"views", "twin"} & set(file.parts[len(package.parts) :]):
            digest.update(file.read_bytes())
    for library in _LIBRARIES:
        digest.update(version(library).encode())
    return digest.hexdigest()


# -- the overview ---------------------------------------------------------------------------------


def _present(lake: Lake, indicators: Sequence[str]) -> list[str]:
    """Return the indicators whose source table holds data."""
    held = set(lake.tables())
    return [i for i in indicators if sectors.indicator(i).table in held]


def _wards_week(lake: Lake) -> pd.DataFrame:
    """Return new cases of every ward in every recent week, missing where nothing was reported.

    Columns: `ward_code, name, week (Monday), cases, rate (per 100,000), coverage (share of the
    week's days reported), population, population_basis, population_year, data_date (last day on
    which any ward reported), simulated`.
    """
    wards = lake.read("geography.wards")[
        ["ward_code", "population", "population_basis", "population_year"]
    ]
    wards["name"] = [places()[c].name_vi for c in wards["ward_code"]]
    ids = _present(lake, ["epidemic.new_cases", "epidemic.case_rate"])
    long = measure(lake, ids, "W", "ward") if ids else pd.DataFrame()
    if long.empty:
        return wards.iloc[:0]
    weeks = pd.date_range(long["date"].min(), long["date"].max(), freq="W-MON")[-_WEEKS_SHOWN:]
    grid = wards.merge(pd.DataFrame({"week": weeks}), how="cross")
    for name, indicator in (("cases", "epidemic.new_cases"), ("rate", "epidemic.case_rate")):
        part = long.loc[long["indicator"] == indicator, ["location", "date", "value", "coverage"]]
        part = part.set_axis(["ward_code", "week", name, "coverage"], axis=1)
        part = part if name == "cases" else part.drop(columns="coverage")
        grid = grid.merge(part, how="left", on=["ward_code", "week"])
    grid["coverage"] = grid["coverage"].fillna(0.0)
    grid["data_date"] = measure(lake, ids[:1], "D", "ward")["date"].max()
    grid["simulated"] = lake.simulated("epidemic.cases_daily")
    return grid.sort_values(["week", "ward_code"], ignore_index=True)


def _tiles(lake: Lake) -> pd.DataFrame:
    """Return the city's key figures: the newest complete period beside the one before it.

    Columns: `indicator, location, freq, date (period start), value, previous, data_date (last day
    with data), history (recent values, oldest first), simulated`.
    """
    return pd.DataFrame(
        [
            {"indicator": i, "location": place, "freq": freq, **_tile(lake, i, place, freq)}
            for i, place, freq in _TILES
        ]
    )


def _tile(lake: Lake, indicator: str, place: str, freq: str) -> dict[str, object]:
    nothing = {
        "date": pd.NaT,
        "value": np.nan,
        "previous": np.nan,
        "data_date": pd.NaT,
        "history": np.array([], dtype=float),
        "simulated": False,
    }
    if not _present(lake, [indicator]):
        return nothing
    series = lake.panel([indicator], freq, [place]).iloc[:, 0]
    known = series.dropna()
    if known.empty:
        return nothing
    newest = known.index[-1]
    return {
        "date": newest,
        "value": known.iloc[-1],
        "previous": series.shift(1).loc[newest],
        "data_date": _data_date(lake, indicator, place),
        "history": series.loc[:newest].iloc[-_SPARK:].to_numpy(),
        "simulated": lake.simulated(sectors.indicator(indicator).table),
    }


def _data_date(lake: Lake, indicator: str, place: str) -> pd.Timestamp:
    """Return the end of the indicator's newest period of its own length that holds a value."""
    own = sectors.indicator(indicator).freq
    newest = measure(lake, [indicator], own, [place])["date"].max()
    return _period_end(pd.DatetimeIndex([newest]), own)[0]


def _period_end(starts: pd.DatetimeIndex, freq: str) -> pd.DatetimeIndex:
    """Return the last day of each period."""
    if freq == "D":
        return starts
    return starts + (pd.Timedelta(days=6) if freq == "W" else pd.tseries.offsets.MonthEnd(0))


# -- forecasts ------------------------------------------------------------------------------------


def _series(lake: Lake) -> pd.DataFrame:
    """Return the history of every series that is forecast, incomplete periods marked.

    Columns: `target, location, freq, target_end_date, observation, coverage, simulated`. A row
    with coverage below 1 is shown to people but not given to a model.
    """
    parts = []
    for family in _FORECASTS:
        if _present(lake, [family.indicator]):
            long = measure(lake, [family.indicator], family.freq, family.locations)
            long["freq"] = family.freq
            long["target_end_date"] = _period_end(pd.DatetimeIndex(long["date"]), family.freq)
            long["simulated"] = lake.simulated(sectors.indicator(family.indicator).table)
            parts.append(long)
    columns = {
        "indicator": "target",
        "location": "location",
        "freq": "freq",
        "target_end_date": "target_end_date",
        "value": "observation",
        "coverage": "coverage",
        "simulated": "simulated",
    }
    if not parts:
        return pd.DataFrame(columns=list(columns.values()))
    whole = pd.concat(parts, ignore_index=True)
    return whole[list(columns)].rename(columns=columns)


def _families(lake: Lake) -> Iterator[tuple[_Forecast, pd.DataFrame]]:
    """Yield each family with what its models may see, in groups that end on the same day.

    Incomplete periods are missing, so that dates stay regular. Series that end on different days
    are yielded apart: each is forecast from its own last complete period and not from the day of
    a series that happens to be newer.
    """
    everything = _series(lake)
    whole = everything["coverage"].between(1 - 1e-9, 1 + 1e-9)
    everything["observation"] = everything["observation"].where(whole)
    known = everything.dropna(subset="observation")
    for family in _FORECASTS:
        seen = known[
            (known["target"] == family.indicator) & known["location"].isin(family.locations)
        ]
        ends = seen.groupby("location")["target_end_date"].agg(["size", "max"])
        for _, together in ends[ends["size"] >= _LEAST_PERIODS].groupby("max"):
            series = [seen[seen["location"] == code] for code in together.index]
            yield family, pd.concat([_regular(s, family) for s in series], ignore_index=True)


def _regular(series: pd.DataFrame, family: _Forecast) -> pd.DataFrame:
    """Return one series with a row for every period from its first to its last known one."""
    dates = series["target_end_date"]
    rule = "W-SUN" if family.freq == "W" else "ME"
    grid = pd.date_range(dates.min(), dates.max(), freq=rule, name="target_end_date")
    values = series.set_index("target_end_date")["observation"].reindex(grid)
    return values.reset_index().assign(target=family.indicator, location=series["location"].iloc[0])


def _each(
    lake: Lake, make: Callable[[_Forecast, pd.DataFrame], pd.DataFrame]
) -> Iterator[tuple[_Forecast, pd.DataFrame]]:
    """Yield what `make` gives for each group; a series that it refuses is told and left out."""
    from ioc_analytics.forecasting import ForecastWarning

    for family, seen in _families(lake):
        groups = [seen]
        while groups:
            group = groups.pop()
            try:
                with warnings.catch_warnings():  # fall-backs are told by `notes` instead
                    warnings.simplefilter("ignore", ForecastWarning)
                    made = make(family, group)
            except (ContractError, NotEnoughData) as error:
                codes = group["location"].unique()
                if len(codes) > 1:  # one bad series must not cost the others theirs
                    groups += [group[group["location"] == code] for code in codes]
                else:
                    warnings.warn(
                        f"{family.indicator} / {codes[0]} is not forecast: {error}",
                        ForecastWarning,
                        stacklevel=2,
                    )
                continue
            yield (
                family,
                made.assign(simulated=lake.simulated(sectors.indicator(family.indicator).table)),
            )


def _forecasts(lake: Lake) -> pd.DataFrame:
    """Return the quantiles of what comes next, by every model, in the hubs' columns.

    `note` tells where a model could not be fitted and the baseline stands in for it, and why.
    """
    from ioc_analytics.forecasting import forecast, notes

    def make(family: _Forecast, seen: pd.DataFrame) -> pd.DataFrame:
        made = forecast(seen, family.models, family.horizon, nonnegative=family.nonnegative)
        told = notes(made).query("kind == 'fallback'")
        reasons = told.groupby(["model_id", "target", "location"])["reason"].agg("; ".join)
        return made.merge(reasons.rename("note").reset_index(), how="left")

    return _joined([made for _, made in _each(lake, make)])


def _scores(lake: Lake) -> pd.DataFrame:
    """Return how each model did on the last past days that it is tried on, with the naive beside.

    Columns: those of `forecasting.scoreboard` for each series, on how many `cutoffs` the model
    stood, and on how many of them the baseline stood in for it (`fallbacks`).
    """
    from ioc_analytics.forecasting import backtest, notes, score, scoreboard

    def make(family: _Forecast, seen: pd.DataFrame) -> pd.DataFrame:
        past = backtest(
            seen,
            family.models,
            family.horizon,
            n_cutoffs=_CUTOFFS,
            nonnegative=family.nonnegative,
            n_jobs=-1,
        )
        key = ["target", "location", "model_id"]
        tried = past.groupby(key)["reference_date"].nunique().rename("cutoffs")
        told = notes(past).query("kind == 'fallback'")
        failed = told.groupby(key)["cutoff"].nunique().rename("fallbacks")
        board = scoreboard(score(past, seen), by=["target", "location"])
        board = board.merge(tried.reset_index(), on=key)
        board = board.merge(failed.reset_index(), how="left", on=key)
        return board.fillna({"fallbacks": 0})

    return _joined([made for _, made in _each(lake, make)])


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


_DAY = pa.timestamp("us")
_TEXT, _NUMBER, _YES = pa.string(), pa.float64(), pa.bool_()
_ALL_SOURCES = tuple(
    dict.fromkeys([sectors.indicator(f.indicator).table for f in _FORECASTS] + ["geography.wards"])
)

MARTS = (
    Mart(
        "wards_week",
        ("epidemic.cases_daily", "geography.wards"),
        {
            "week": _DAY,
            "ward_code": _TEXT,
            "name": _TEXT,
            "cases": _NUMBER,
            "rate": _NUMBER,
            "coverage": _NUMBER,
            "population": _NUMBER,
            "population_basis": _TEXT,
            "population_year": _NUMBER,
            "data_date": _DAY,
            "simulated": _YES,
        },
        _wards_week,
    ),
    Mart(
        "tiles",
        tuple(dict.fromkeys([sectors.indicator(i).table for i, _, _ in _TILES])),
        {
            "indicator": _TEXT,
            "location": _TEXT,
            "freq": _TEXT,
            "date": _DAY,
            "value": _NUMBER,
            "previous": _NUMBER,
            "data_date": _DAY,
            "history": pa.list_(_NUMBER),
            "simulated": _YES,
        },
        _tiles,
    ),
    Mart(
        "ward_shapes",
        ("geography.boundaries", "geography.wards"),
        {
            "ward_code": _TEXT,
            "kind": _TEXT,
            "geometry": _TEXT,
            "label_x": _NUMBER,
            "label_y": _NUMBER,
            "label_radius": _NUMBER,
            "view_height": _NUMBER,
        },
        ward_shapes,
    ),
    Mart(
        "series",
        _ALL_SOURCES,
        {
            "target": _TEXT,
            "location": _TEXT,
            "freq": _TEXT,
            "target_end_date": _DAY,
            "observation": _NUMBER,
            "coverage": _NUMBER,
            "simulated": _YES,
        },
        _series,
    ),
    Mart(
        "forecasts",
        _ALL_SOURCES,
        {
            "model_id": _TEXT,
            "reference_date": _DAY,
            "target": _TEXT,
            "horizon": pa.int64(),
            "target_end_date": _DAY,
            "location": _TEXT,
            "output_type": _TEXT,
            "output_type_id": _NUMBER,
            "value": _NUMBER,
            "note": _TEXT,
            "simulated": _YES,
        },
        _forecasts,
    ),
    Mart(
        "scores",
        _ALL_SOURCES,
        {
            "target": _TEXT,
            "location": _TEXT,
            "model_id": _TEXT,
            "wis": _NUMBER,
            "relative_wis": _NUMBER,
            "mae": _NUMBER,
            "coverage_50": _NUMBER,
            "coverage_95": _NUMBER,
            "n": pa.int64(),
            "n_common": pa.int64(),
            "cutoffs": pa.int64(),
            "fallbacks": pa.int64(),
            "simulated": _YES,
        },
        _scores,
    ),
)
