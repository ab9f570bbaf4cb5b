"""What comes next: the series that are forecast, their forecasts and how the models did before."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from ioc_analytics import sectors
from ioc_analytics.errors import ContractError, NotEnoughData
from ioc_analytics.lake import Lake
from ioc_analytics.lake.panel import measure
from ioc_analytics.marts.mart import period_end, present
from ioc_analytics.places import CITY, ward_codes

__all__ = ["SOURCES", "forecasts", "scores", "series"]

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
_LEAST_PERIODS = 16  # complete periods below which nothing is forecast
SOURCES = tuple(
    dict.fromkeys([sectors.indicator(f.indicator).table for f in _FORECASTS] + ["geography.wards"])
)


def series(lake: Lake) -> pd.DataFrame:
    """Return the history of every series that is forecast, incomplete periods marked.

    Columns: `target, location, freq, target_end_date, observation, coverage, simulated`. A row
    with coverage below 1 is shown to people but not given to a model.
    """
    parts = []
    for family in _FORECASTS:
        if present(lake, [family.indicator]):
            long = measure(lake, [family.indicator], family.freq, family.locations)
            long["freq"] = family.freq
            long["target_end_date"] = period_end(pd.DatetimeIndex(long["date"]), family.freq)
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
    everything = series(lake)
    whole = everything["coverage"].between(1 - 1e-9, 1 + 1e-9)
    everything["observation"] = everything["observation"].where(whole)
    known = everything.dropna(subset="observation")
    for family in _FORECASTS:
        seen = known[
            (known["target"] == family.indicator) & known["location"].isin(family.locations)
        ]
        ends = seen.groupby("location")["target_end_date"].agg(["size", "max"])
        for _, together in ends[ends["size"] >= _LEAST_PERIODS].groupby("max"):
            each = [seen[seen["location"] == code] for code in together.index]
            yield family, pd.concat([_regular(s, family) for s in each], ignore_index=True)


def _regular(one: pd.DataFrame, family: _Forecast) -> pd.DataFrame:
    """Return one series with a row for every period from its first to its last known one."""
    dates = one["target_end_date"]
    rule = "W-SUN" if family.freq == "W" else "ME"
    grid = pd.date_range(dates.min(), dates.max(), freq=rule, name="target_end_date")
    values = one.set_index("target_end_date")["observation"].reindex(grid)
    return values.reset_index().assign(target=family.indicator, location=one["location"].iloc[0])


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


def forecasts(lake: Lake) -> pd.DataFrame:
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


def scores(lake: Lake, cutoffs: int) -> pd.DataFrame:
    """Return how each model did on the last `cutoffs` past days, with the naive beside.

    Columns: those of `forecasting.scoreboard` for each series, on how many `cutoffs` the model
    stood, and on how many of them the baseline stood in for it (`fallbacks`).
    """
    from ioc_analytics.forecasting import backtest, notes, score, scoreboard

    def make(family: _Forecast, seen: pd.DataFrame) -> pd.DataFrame:
        past = backtest(
            seen,
            family.models,
            family.horizon,
            n_cutoffs=cutoffs,
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
