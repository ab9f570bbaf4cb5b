"""One forecast: models by name on the newest data, fall-backs and omissions told aloud."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import pandas as pd

from ioc_analytics.errors import NotEnoughData
from ioc_analytics.forecasting.frames import require_observations
from ioc_analytics.forecasting.models import BASELINE
from ioc_analytics.forecasting.plan import NOTE_COLUMNS, make_plan

__all__ = ["HUB_QUANTILES", "ForecastWarning", "forecast", "notes", "tell"]

HUB_QUANTILES: tuple[float, ...] = (
    0.01,
    0.025,
    *(level / 100 for level in range(5, 100, 5)),
    0.975,
    0.99,
)
"""The 23 quantile levels of the COVID-19 and FluSight forecast hubs."""


class ForecastWarning(UserWarning):
    """Some series were left out or fell back to the naive model; `notes` tells which and why."""


def forecast(
    observations: pd.DataFrame,
    models: Sequence[str],
    horizon: int,
    *,
    quantile_levels: Sequence[float] = HUB_QUANTILES,
    regressors: pd.DataFrame | None = None,
    seed: int = 0,
    samples: int | None = None,
    nonnegative: bool = True,
) -> pd.DataFrame:
    """Forecast every series with every model, in the format of the forecast hubs.

    The cutoff is the last date seen of each target; horizon 0 is the period after it, and its end
    is the ``reference_date``. Weeks keep the weekday of the data.

    Parameters
    ----------
    observations : pandas.DataFrame
        Columns ``target, location, target_end_date, observation`` and optionally ``as_of`` (the
        newest revision counts). Days, weeks, months or quarters, one frequency per target.
    models : sequence of str
        Registered names, e.g. ``["naive", "seasonal_naive", "ets", "prophet"]``.
    horizon : int
        Number of periods, at least 1; 4 gives horizons 0 to 3.
    quantile_levels : sequence of float
        Levels in (0, 1); by default the 23 of the hubs.
    regressors : pandas.DataFrame, optional
        Values known in advance (calendar, plans): ``target_end_date``, optionally ``target`` and
        ``location``, and numeric columns; they must cover history and horizon. Used by
        ``prophet``; other models take no notice.
    seed : int
        Seed, at least 0. Each model on each series has its own random stream derived from it, so a
        result does not depend on which other series or models run.
    samples : int, optional
        Number of joint sample paths to add as rows ``output_type="sample"``, at most 10,000.
    nonnegative : bool
        True (default) for counts, amounts and rates: forecasts are cut off at 0, though a negative
        correction in the history is taken as observed. False for what may be negative.

    Returns
    -------
    pandas.DataFrame
        ``model_id, reference_date, target, horizon, target_end_date, location, output_type,
        output_type_id, value``; by model, target, location, horizon, level. ``notes(result)``
        lists what was left out, fell back or was filled.

    Raises
    ------
    ContractError
        If the frame or an argument is not as described; the message names the culprit.
    NotEnoughData
        If no series can be forecast at all.

    Warns
    -----
    ForecastWarning
        Once, if a series was left out or a model fell back to ``naive`` on it.

    Notes
    -----
    Missing values: ``naive`` and ``prophet`` leave them out, ``ets`` interpolates up to a quarter
    of a series. A place that is behind the target's last date is forecast from its own last
    observation, so with more uncertainty. A series with fewer than four pairs of neighbouring
    observations is left out.

    Examples
    --------
    >>> weeks = pd.date_range("2021-08-01", periods=9, freq="7D")
    >>> cases = pd.DataFrame({"target": "cases", "location": "769", "target_end_date": weeks,
    ...                       "observation": [4, 6, 9, 7, 8, 12, 10, 9, 11]})
    >>> future = forecast(cases, ["naive"], horizon=2, quantile_levels=[0.25, 0.5, 0.75])
    >>> future["reference_date"].iloc[0].date().isoformat()
    '2021-10-03'
    >>> future.loc[future["output_type_id"] == 0.5, ["horizon", "value"]].to_numpy().tolist()
    [[0.0, 11.0], [1.0, 11.0]]
    """
    plan = make_plan(models, horizon, quantile_levels, regressors, seed, samples, nonnegative)
    result = plan.run(require_observations(observations))
    if result.empty:
        raise NotEnoughData(_why_empty(result))
    tell(result)
    return result


def notes(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Tell what happened while these forecasts were made.

    Parameters
    ----------
    forecasts : pandas.DataFrame
        Result of `forecast` or `backtest` (also after filtering; lost when frames with different
        notes are concatenated).

    Returns
    -------
    pandas.DataFrame
        ``kind, model_id, target, location, cutoff, reason``, where kind is ``skipped`` (no
        forecast), ``fallback`` (the forecast is the naive one) or ``note``.
    """
    return pd.DataFrame(forecasts.attrs.get("notes", []), columns=list(NOTE_COLUMNS))


def tell(forecasts: pd.DataFrame) -> None:
    """Warn once about skipped series and fall-backs.

    Parameters
    ----------
    forecasts : pandas.DataFrame
        Forecasts that carry notes.

    Warns
    -----
    ForecastWarning
        If there are any.
    """
    serious = [note for note in forecasts.attrs["notes"] if note["kind"] != "note"]
    if serious:
        first = serious[0]
        warnings.warn(
            f"{len(serious)} forecasts were skipped or fell back to {BASELINE!r}, first "
            f"{first['model_id'] or 'all models'} on {first['target']} / {first['location']} "
            f"({first['kind']}: {first['reason']}); see notes(forecasts)",
            ForecastWarning,
            stacklevel=3,
        )


def _why_empty(result: pd.DataFrame) -> str:
    """Sentence for the case that nothing could be forecast."""
    told = result.attrs["notes"]
    if not told:
        return "there are no observations; nothing can be forecast"
    first = told[0]
    return (
        f"none of {len(told)} series can be forecast, first {first['target']} / "
        f"{first['location']}: {first['reason']}"
    )
