"""What to do on each cutoff: checked arguments, usable series, fall-backs with their notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ioc_analytics.errors import ContractError, NotEnoughData
from ioc_analytics.forecasting.frames import (
    FORECAST_COLUMNS,
    known_at,
    make_series,
    prediction_frame,
)
from ioc_analytics.forecasting.interface import (
    N_PATHS,
    Failure,
    Model,
    Prediction,
    Request,
    Series,
)
from ioc_analytics.forecasting.models import (
    BASELINE,
    make_models,
    naive_prediction,
    one_step_changes,
)

__all__ = ["NOTE_COLUMNS", "Plan", "make_plan"]

NOTE_COLUMNS = ("kind", "model_id", "target", "location", "cutoff", "reason")
"""Columns of the notes; kind is skipped, fallback or note."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What to do on each cutoff, checked.

    Attributes
    ----------
    models : dict of str to Model
        Models in the order of the result.
    request : Request
        Horizon, levels, samples, seed.
    nonnegative : bool
        Whether the targets are counts, amounts or rates.
    regressors : pandas.DataFrame or None
        Values known in advance.
    """

    models: dict[str, Model]
    request: Request
    nonnegative: bool
    regressors: pd.DataFrame | None

    def run(self, observations: pd.DataFrame, cutoff: Any = None) -> pd.DataFrame:
        """Forecast frame from what checked observations said on the cutoff; notes in its attrs."""
        known = known_at(observations, cutoff)
        usable, told = _usable_series(known, self)
        frames = []
        for model_id, model in self.models.items():
            request = replace(self.request, model_id=model_id)
            pairs = []
            for series, outcome in zip(usable, _outcomes(model, usable, request), strict=True):
                prediction, note = _settled(series, outcome, request)
                pairs.append((series, prediction))
                told += note
            if pairs:
                frames.append(prediction_frame(model_id, pairs, request))
        empty = pd.DataFrame(columns=list(FORECAST_COLUMNS))
        result = pd.concat(frames, ignore_index=True) if frames else empty
        result.attrs["notes"] = told
        return result


def make_plan(
    models: Sequence[str],
    horizon: int,
    quantile_levels: Sequence[float],
    regressors: pd.DataFrame | None,
    seed: int,
    samples: int | None,
    nonnegative: bool,
) -> Plan:
    """Check the arguments that `forecast` and `backtest` share.

    Parameters
    ----------
    models, horizon, quantile_levels, regressors, seed, samples, nonnegative
        As in `forecast`.

    Returns
    -------
    Plan
        What to do on each cutoff.

    Raises
    ------
    ContractError
        If an argument is out of its range.
    """
    levels = tuple(sorted(float(level) for level in quantile_levels))
    if not levels or levels[0] <= 0.0 or levels[-1] >= 1.0 or len(set(levels)) < len(levels):
        raise ContractError(f"quantile levels must be different and in (0, 1), got {levels}")
    for name, value, least, most in (
        ("horizon", horizon, 1, 10_000),
        ("seed", seed, 0, 2**63),
        ("samples", samples or 0, 0, N_PATHS),
    ):
        if not isinstance(value, int | np.integer) or not least <= value <= most:
            raise ContractError(f"{name} must be a whole number from {least} to {most}: {value!r}")
    if regressors is not None:
        regressors = _require_regressors(regressors)
    request = Request("", int(horizon), levels, int(samples or 0), int(seed))
    return Plan(make_models(models), request, nonnegative, regressors)


def _usable_series(known: pd.DataFrame, plan: Plan) -> tuple[list[Series], list[dict[str, str]]]:
    """Series that the baseline can forecast, and notes on the others."""
    usable: list[Series] = []
    told: list[dict[str, str]] = []
    found = {(each.target, each.location): each for each in make_series(known, plan.nonnegative)}
    last_seen = known.groupby("target")["target_end_date"].max().dt.strftime("%Y-%m-%d")
    places = known[["target", "location"]].drop_duplicates()
    for target, location in sorted(zip(places["target"], places["location"], strict=True)):
        try:
            usable.append(_with_regressors(_require_usable(found.get((target, location))), plan))
        except NotEnoughData as problem:
            told.append(_note("skipped", "", target, location, last_seen[target], str(problem)))
    return usable, told


def _require_usable(series: Series | None) -> Series:
    """Refuse a series on which not even the baseline works."""
    if series is None:
        raise NotEnoughData("no observation, or only one date")
    one_step_changes(series)
    return series


def _outcomes(
    model: Model, series: Sequence[Series], request: Request
) -> list[Prediction | Failure]:
    """Outcomes in the order of the series, asking the model once per frequency."""
    outcomes: dict[int, Prediction | Failure] = {}
    for freq in sorted({each.freq for each in series}):
        which = [number for number, each in enumerate(series) if each.freq == freq]
        answers = model([series[number] for number in which], request)
        outcomes.update(zip(which, answers, strict=True))
    return [outcomes[number] for number in range(len(series))]


def _settled(
    series: Series, outcome: Prediction | Failure, request: Request
) -> tuple[Prediction, list[dict[str, str]]]:
    """Prediction of the model or, where it failed, of the baseline; with the note to show."""
    kind = "note"
    if isinstance(outcome, Failure):
        kind, reason = "fallback", outcome.reason
        outcome = naive_prediction(series, replace(request, model_id=BASELINE))
    else:
        reason = outcome.note
    last = str(series.dates[-1])
    note = _note(kind, request.model_id, series.target, series.location, last, reason)
    return outcome, [note] if reason else []


def _note(*values: str) -> dict[str, str]:
    """One row of the notes."""
    return dict(zip(NOTE_COLUMNS, values, strict=True))


def _require_regressors(regressors: pd.DataFrame) -> pd.DataFrame:
    """Regressors with days as dates and at least one column of finite numbers."""
    if "target_end_date" not in regressors:
        raise ContractError("regressors lack the column target_end_date")
    checked = regressors.assign(target_end_date=pd.to_datetime(regressors["target_end_date"]))
    key = [name for name in ("target", "location", "target_end_date") if name in checked]
    checked[key[:-1]] = checked[key[:-1]].astype(str)
    numbers = checked.columns.difference(key)
    if numbers.empty or not np.isfinite(checked[numbers].astype(float)).all(axis=None):
        raise ContractError(f"regressors {list(numbers)} must be columns of finite numbers")
    if checked.duplicated(key).any():
        raise ContractError(f"regressors have two rows for one of {key}")
    return checked[[*key, *numbers]]


def _with_regressors(series: Series, plan: Plan) -> Series:
    """Series with its regressors for history and horizon."""
    if plan.regressors is None:
        return series
    rows = plan.regressors
    for name, wanted in (("target", series.target), ("location", series.location)):
        if name in rows:
            rows = rows[rows[name] == wanted].drop(columns=name)
    dates = np.concatenate([series.dates, series.future(plan.request.horizon)])
    values = rows.set_index("target_end_date").reindex(pd.DatetimeIndex(dates))
    if values.isna().any(axis=None):
        lacking = values.index[values.isna().any(axis=1)][0].date()
        raise ContractError(
            f"regressors of {series.target} / {series.location} lack {lacking}; they must cover "
            "history and horizon"
        )
    return replace(series, regressors=values.to_numpy(dtype=float))
