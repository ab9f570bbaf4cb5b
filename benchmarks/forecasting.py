"""Forecast models side by side on real series: mean WIS, relative to the naive model, coverage.

``DATA_DIR`` names the folder that holds ``thuduc/`` and ``series/``; without it nothing is run.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from ioc_analytics.calendar import week_end
from ioc_analytics.forecasting import ForecastWarning, backtest, notes, score, scoreboard

__all__ = ["main"]

_ALL = ("naive", "seasonal_naive", "ets", "prophet")
_HORIZON = 4
_FIRST_CUTOFF = 60  # weeks of history before the first forecast: a year and a bit
_SHORT_FIRST_CUTOFF = 30  # where the series has under two years
_N_JOBS = 2


def main() -> int:
    """Run the backtests and print one Markdown table; say what is missing if data are."""
    folder = Path(os.environ.get("DATA_DIR", ""))
    missing = [name for name, _, _, _ in _SERIES if not (folder / name).is_file()]
    if "DATA_DIR" not in os.environ or missing:
        wanted = ", ".join(missing) if "DATA_DIR" in os.environ else "thuduc/ and series/"
        print(f"Set DATA_DIR to the folder that holds {wanted}; nothing was run.")
        return 0
    print("| series | model | WIS | relative WIS | MAE | cover 50 | cover 95 | n | fell back | s |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, read, models, first in _SERIES:
        observations = read(folder / name)
        for line in _table(observations, models, first):
            print(line, flush=True)
    return 0


def _table(observations: pd.DataFrame, models: tuple[str, ...], first: int) -> list[str]:
    """Lines of the table for one data set."""
    dates = sorted(observations["target_end_date"].unique())
    cutoffs = dates[first - 1 : -_HORIZON]
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ForecastWarning)  # counted in the table
        forecasts = backtest(observations, models, _HORIZON, cutoffs, n_jobs=_N_JOBS)
    seconds = time.perf_counter() - began
    told = notes(forecasts)
    fallen = told[told["kind"] == "fallback"].groupby("model_id").size()
    board = scoreboard(score(forecasts, observations))
    target = observations["target"].iloc[0]
    return [
        f"| {target} | {row.model_id} | {row.wis:.1f} | {row.relative_wis:.3f} | {row.mae:.1f} "
        f"| {row.coverage_50:.2f} | {row.coverage_95:.2f} | {row.n} "
        f"| {fallen.get(row.model_id, 0)} of {len(cutoffs) * _places(observations)} "
        f"| {seconds:.0f} |"
        for row in board.itertuples()
    ]


def _places(observations: pd.DataFrame) -> int:
    """How many series there are."""
    return observations["location"].nunique()


def _weeks_of_days(file: Path, column: str, location: str, target: str) -> pd.DataFrame:
    """Sum over ISO weeks ending on Sunday, full weeks only."""
    daily = pd.read_csv(file, parse_dates=["date"]).dropna(subset=column)
    ends = pd.Series(week_end(daily["date"].to_numpy()), index=daily.index)
    weeks = daily.groupby(ends)[column].agg(["sum", "size"])
    full = weeks.loc[weeks["size"] == 7, "sum"]
    return _frame(target, location, full.index, full.to_numpy())


def _frame(target: str, location: object, dates: object, values: object) -> pd.DataFrame:
    """Observation frame."""
    columns = {"target": target, "location": location, "target_end_date": dates}
    frame = pd.DataFrame({**columns, "observation": values})
    return frame.assign(target_end_date=pd.to_datetime(frame["target_end_date"]))


def _hcmc(file: Path) -> pd.DataFrame:
    """COVID-19 cases of Hồ Chí Minh City by week."""
    return _weeks_of_days(file, "new_cases", "79", "HCMC COVID weekly")


def _vietnam(file: Path) -> pd.DataFrame:
    """COVID-19 cases of Việt Nam by week."""
    return _weeks_of_days(file, "new_confirmed", "VN", "Viet Nam COVID weekly")


def _ili(file: Path) -> pd.DataFrame:
    """Influenza-like illness in Hồ Chí Minh City by week."""
    rows = pd.read_csv(file, parse_dates=["week_start"])
    ends = rows["week_start"] + pd.Timedelta(days=6)
    return _frame("HCMC ILI weekly", "79", ends, rows["ili"])


def _flusight(file: Path) -> pd.DataFrame:
    """Influenza hospital admissions of the states of the USA by week ending on Saturday."""
    rows = pd.read_csv(file, parse_dates=["date"], dtype={"location": str})
    return _frame("FluSight admissions", rows["location"], rows["date"], rows["value"])


_SERIES: tuple[tuple[str, Callable[[Path], pd.DataFrame], tuple[str, ...], int], ...] = (
    ("thuduc/covid_hcmc_daily_2020_2022.csv", _hcmc, _ALL, _SHORT_FIRST_CUTOFF),
    ("thuduc/ili_hcmc_weekly_2009_2019.csv", _ili, _ALL, _FIRST_CUTOFF),
    ("series/covid19_vietnam_daily.csv", _vietnam, _ALL, _FIRST_CUTOFF),
    (
        "series/flusight_hospital_admissions_2022_23.csv",
        _flusight,
        ("naive", "ets"),
        _SHORT_FIRST_CUTOFF,
    ),
)


if __name__ == "__main__":
    sys.exit(main())
