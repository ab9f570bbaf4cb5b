import logging
import subprocess
import sys
import warnings

import naive
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from ioc_analytics.calendar import holiday_shares, period_ends
from ioc_analytics.errors import ContractError, NotEnoughData
from ioc_analytics.forecasting import (
    HUB_QUANTILES,
    ForecastWarning,
    backtest,
    forecast,
    notes,
    register_model,
    score,
    scoreboard,
)
from ioc_analytics.forecasting import models as registry
from ioc_analytics.forecasting.ets import _error_weights
from ioc_analytics.forecasting.interface import Failure, Prediction

_ALL = ["naive", "seasonal_naive", "ets", "prophet"]
_QUICK = ["naive", "seasonal_naive", "ets"]
_COLUMNS = [
    "model_id",
    "reference_date",
    "target",
    "horizon",
    "target_end_date",
    "location",
    "output_type",
    "output_type_id",
    "value",
]


def _frame(values, freq="W", last="2021-10-24", location="769", target="cases"):
    """Return observations whose newest period ends on a day."""
    first = np.datetime64(last) - {"D": 1, "W": 7, "M": 31, "Q": 92}[freq] * len(values)
    ends = period_ends(first, freq, len(values) + 3)
    ends = ends[ends <= np.datetime64(last)][-len(values) :]
    return pd.DataFrame(
        {
            "target": target,
            "location": location,
            "target_end_date": ends,
            "observation": np.asarray(values, dtype=float),
        }
    )


def _counts(rng, n=130, mean=80.0):
    return rng.poisson(mean * np.exp(0.3 * np.sin(np.arange(n) / 9)))


def _quantiles(forecasts, model=None):
    """Values as (horizon, level) of the only series."""
    rows = forecasts[forecasts["output_type"] == "quantile"]
    rows = rows if model is None else rows[rows["model_id"] == model]
    return rows.pivot(index="horizon", columns="output_type_id", values="value")


# --- the frame -------------------------------------------------------------------------------


def test_frame_has_the_hub_columns_levels_and_dates(rng):
    made = forecast(_frame(_counts(rng)), _QUICK, 4)
    assert list(made) == _COLUMNS
    assert len(HUB_QUANTILES) == 23
    assert len(made) == 3 * 4 * 23
    assert made["model_id"].unique().tolist() == _QUICK
    assert sorted(made["horizon"].unique()) == [0, 1, 2, 3]
    assert (
        made.groupby(["model_id", "horizon"])["output_type_id"]
        .apply(tuple)
        .map(lambda levels: levels == HUB_QUANTILES)
        .all()
    )
    assert made["reference_date"].unique() == pd.to_datetime(["2021-10-31"])
    ahead = made["target_end_date"] - made["reference_date"]
    assert (ahead == pd.to_timedelta(7 * made["horizon"], unit="D")).all()
    assert notes(made).empty


@pytest.mark.parametrize(
    ("freq", "last", "ends"),
    [
        ("D", "2021-10-24", ["2021-10-25", "2021-10-26"]),
        ("W", "2021-10-23", ["2021-10-30", "2021-11-06"]),  # hub weeks end on Saturday
        ("M", "2021-10-31", ["2021-11-30", "2021-12-31"]),
        ("Q", "2021-09-30", ["2021-12-31", "2022-03-31"]),
    ],
)
def test_periods_follow_the_frequency_of_the_data(freq, last, ends, rng):
    made = forecast(_frame(_counts(rng, 80), freq, last), _QUICK, 2)
    assert made["target_end_date"].unique().tolist() == pd.to_datetime(ends).tolist()
    assert made["reference_date"].unique() == pd.to_datetime(ends[:1])
    assert np.isfinite(made["value"]).all()


def test_quantiles_rise_with_the_level_and_counts_stay_at_or_above_zero(rng):
    rows = [_frame(rng.poisson(1.0, 120), location=str(place)) for place in range(3)]
    made = forecast(pd.concat(rows), _ALL, 3)
    keys = ["model_id", "location", "horizon"]
    assert (made.groupby(keys)["value"].diff().dropna() >= 0).all()
    assert (made["value"] >= 0).all()


def test_what_may_be_negative_is_not_cut_off(rng):
    made = forecast(_frame(rng.normal(0, 10, 120)), _QUICK, 2, nonnegative=False)
    assert (made.loc[made["output_type_id"] == 0.05, "value"] < 0).all()
    with pytest.raises(ContractError, match="is negative; pass nonnegative=False"):
        forecast(_frame(rng.normal(0, 10, 120)), _QUICK, 2)


def test_negative_correction_in_counts_is_observed_and_the_forecast_stays_nonnegative(rng):
    values = _counts(rng, 100).astype(float)
    values[-1] = -40.0
    made = forecast(_frame(values), _QUICK, 2)
    assert (made["value"] >= 0).all()
    assert _quantiles(made, "naive")[0.5].tolist() == [0.0, 0.0]


def test_samples_are_joint_paths_that_agree_with_the_quantiles(rng):
    data = _frame(_counts(rng))
    plain, made = forecast(data, _ALL, 3), forecast(data, _ALL, 3, samples=4000)
    same = made[made["output_type"] == "quantile"].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, plain)
    for model in _ALL:
        rows = made[(made["output_type"] == "sample") & (made["model_id"] == model)]
        paths = rows.pivot(index="output_type_id", columns="horizon", values="value")
        assert paths.index.tolist() == list(range(4000))
        for level in (0.1, 0.5, 0.9):
            # a sample quantile lies between the quantiles at level ± 4 standard errors
            margin = 4 * np.sqrt(level * (1 - level) / 4000)
            wanted = forecast(
                data, [model], 3, quantile_levels=[level - margin, level, level + margin]
            )
            bounds = _quantiles(wanted).to_numpy()
            drawn = paths.quantile(level).to_numpy()
            assert ((bounds[:, 0] <= drawn) & (drawn <= bounds[:, 2])).all(), (model, level)
    walk = rows if model == "naive" else made[made["model_id"] == "naive"]
    walk = walk[walk["output_type"] == "sample"]
    paths = walk.pivot(index="output_type_id", columns="horizon", values="value")
    assert paths.corr().loc[1, 2] > 0.7  # sums of 2 and 3 steps: sqrt(2/3) = 0.82


# --- randomness ------------------------------------------------------------------------------


def test_result_depends_on_seed_and_not_on_order_or_company(rng):
    rows = [_frame(_counts(rng), location=str(place)) for place in range(3)]
    together = forecast(pd.concat(rows).sample(frac=1, random_state=1), _ALL, 2, seed=5)
    for place, alone in enumerate(rows):
        for model in reversed(_ALL):
            own = forecast(alone, [model], 2, seed=5)
            chosen = together[
                (together["location"] == str(place)) & (together["model_id"] == model)
            ]
            pd.testing.assert_frame_equal(own, chosen.reset_index(drop=True), check_exact=True)
    other = forecast(pd.concat(rows), ["seasonal_naive"], 2, seed=6)["value"].to_numpy()
    first = together.loc[together["model_id"] == "seasonal_naive", "value"].to_numpy()
    assert not np.array_equal(other, first)


def test_prophet_leaves_the_global_random_state_and_the_log_alone(rng, caplog, capfd):
    before = np.random.get_state()  # noqa: NPY002
    with caplog.at_level(logging.DEBUG):
        forecast(_frame(_counts(rng)), ["prophet"], 1)
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert not [record for record in caplog.records if record.name != "asyncio"]
    assert capfd.readouterr() == ("", "")


def test_import_is_light():
    code = (
        "import sys, ioc_analytics.forecasting;"
        "print([m for m in ('prophet', 'statsforecast', 'holidays') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- the models ------------------------------------------------------------------------------


def test_naive_first_step_has_the_quantiles_of_the_symmetric_past_changes(rng):
    values = _counts(rng, mean=900.0)
    changes = np.diff(values)
    wanted = values[-1] + np.quantile(np.concatenate([changes, -changes]), HUB_QUANTILES)
    made = _quantiles(forecast(_frame(values), ["naive"], 3))
    scale = np.ptp(wanted)
    assert made.loc[0].to_numpy() == pytest.approx(wanted, abs=0.002 * scale)
    assert made[0.5].to_numpy() == pytest.approx(np.full(3, values[-1]))


def test_naive_spread_grows_as_the_root_of_the_steps(rng):
    made = forecast(_frame(rng.normal(0, 5, 300).cumsum() + 1e4), ["naive"], 9, samples=10_000)
    rows = made[made["output_type"] == "sample"]
    spread = rows.groupby("horizon")["value"].std().to_numpy()
    assert spread / spread[0] == pytest.approx(np.sqrt(np.arange(1, 10)), rel=0.05)


def test_naive_covers_a_random_walk_as_often_as_it_says(rng):
    n = 400
    walks = [
        _frame(1e4 + rng.normal(0, 10, 101).cumsum(), location=str(number)) for number in range(n)
    ]
    truth = pd.concat(walks)
    early = truth[truth["target_end_date"] < truth["target_end_date"].max()]
    scores = score(forecast(early, ["naive"], 1), truth)
    assert len(scores) == n
    for name, level in (("coverage_95", 0.95), ("coverage_50", 0.5)):
        low, high = binom.interval(0.9999, n, level)
        # 100 past changes know the quantile only to within its own sampling error
        slack = 3.9 * np.sqrt(level * (1 - level) / 100) / np.sqrt(n)
        assert low / n - slack <= scores[name].mean() <= high / n + slack


def test_seasonal_naive_repeats_the_last_season(rng):
    season = np.array([5.0, 9.0, 30.0, 2.0, 8.0, 12.0, 70.0])
    values = np.tile(season, 9) + np.repeat(np.arange(9.0), 7)
    made = _quantiles(forecast(_frame(values, "D"), ["seasonal_naive"], 14))
    assert made[0.5].to_numpy() == pytest.approx(np.tile(values[-7:], 2))
    # every change from season to season was 1: one season ahead ±1, two seasons ahead -2, 0 or 2
    assert made[0.975].to_numpy() == pytest.approx(np.tile(values[-7:], 2) + np.repeat([1, 2], 7))


def test_seasonal_naive_beats_naive_where_there_is_a_season(rng):
    weekday = np.tile([60.0, 55, 50, 52, 58, 20, 10], 20)
    data = _frame(rng.poisson(weekday), "D")
    board = scoreboard(score(backtest(data, _QUICK, 7, n_cutoffs=8, step=3), data))
    relative = board.set_index("model_id")["relative_wis"]
    assert relative["seasonal_naive"] < 0.5
    assert relative["ets"] < 0.5  # it has the season too
    assert relative["naive"] == 1.0


def test_ets_beats_naive_on_white_noise_and_hardly_on_a_random_walk(rng):
    noise = _frame(rng.normal(1000, 50, 150))
    walk = _frame(1e4 + rng.normal(0, 50, 150).cumsum(), target="walk")
    data = pd.concat([noise, walk])
    board = scoreboard(
        score(backtest(data, ["naive", "ets"], 4, n_cutoffs=15, step=3), data), by=["target"]
    ).set_index(["target", "model_id"])["relative_wis"]
    # the variance of the naive error is twice that of the mean: a ratio of 0.71 for one step
    assert board["cases", "ets"] < 0.85
    assert 0.9 < board["walk", "ets"] < 1.1


@pytest.mark.parametrize(
    ("components", "season", "par"),
    [
        ("ANNN", 1, [0.3, np.nan, np.nan, np.nan]),
        ("AAND", 1, [0.4, 0.1, np.nan, 0.9]),
        ("ANAN", 7, [0.2, np.nan, 0.3, np.nan]),
        ("AAAD", 4, [0.2, 0.05, 0.3, 0.85]),
    ],
)
def test_ets_error_weights_follow_the_recursion(components, season, par):
    weights = _error_weights({"components": components, "m": season, "par": par}, 12)
    alpha, beta, gamma, phi = np.nan_to_num(par)
    if components[2] == "N":
        gamma = 0.0
    wanted = naive.naive_ets_variance(alpha, beta, gamma, phi, season, 12)
    assert (weights**2).sum(axis=1) == pytest.approx(wanted)


def test_prophet_finds_a_planted_tet_dip(rng):
    ends = period_ends("2016-01-03", "W", 52 * 4 + 8)  # the last week ends on 23 February 2020
    dip = holiday_shares(ends, "W")[:, 1]
    truth = 500 * (1 - 0.8 * dip)
    data = pd.DataFrame(
        {
            "target": "requests",
            "location": "769",
            "target_end_date": ends,
            "observation": rng.poisson(truth),
        }
    )
    before = data[data["target_end_date"] < "2020-01-20"]
    made = forecast(before, ["prophet"], 4, quantile_levels=[0.5])
    error = made["value"].to_numpy() - truth[len(before) : len(before) + 4]
    assert dip[len(before) : len(before) + 4].max() > 0.4  # Tết week is among the four
    assert np.abs(error).max() < 60  # without the holiday term the week would be off by 200


def test_prophet_uses_regressors_known_in_advance(rng):
    n = 80
    plan = rng.integers(0, 2, n + 2).astype(float)
    values = rng.poisson(100 + 200 * plan[:n])
    data = _frame(values)
    dates = np.concatenate([data["target_end_date"], period_ends("2021-10-24", "W", 2)])
    known = pd.DataFrame({"target_end_date": dates, "campaign": plan})
    made = forecast(data, ["prophet"], 2, regressors=known, quantile_levels=[0.5])
    assert made["value"].to_numpy() == pytest.approx(100 + 200 * plan[n:], rel=0.2)
    with pytest.raises(ContractError, match="lack 2021-11-07"):
        forecast(data, ["prophet"], 2, regressors=known[:-1])


# --- missing and awkward data ----------------------------------------------------------------


def test_place_that_is_behind_is_forecast_with_more_uncertainty(rng):
    values = _counts(rng, 80, mean=900.0)
    late = _frame(values, location="late")
    late.loc[late.index[-2:], "observation"] = np.nan
    data = pd.concat([_frame(values, location="on time"), late])
    made = forecast(data, ["naive", "ets"], 1)
    spread = made.groupby(["model_id", "location"])["value"].agg(np.ptp)
    assert (spread.xs("late", level=1) > 1.2 * spread.xs("on time", level=1)).all()
    median = made[(made["output_type_id"] == 0.5) & (made["location"] == "late")]
    assert median["value"].iloc[0] == values[-3]
    assert len(made["reference_date"].unique()) == 1


def test_holes_are_bridged_and_noted(rng):
    values = _counts(rng, 100).astype(float)
    values[[20, 21, 60]] = np.nan
    data = _frame(values).drop(index=40)  # no row at all is missing too
    made = forecast(data, _ALL, 2)
    told = notes(made)
    assert np.isfinite(made["value"]).all()
    assert told[["kind", "model_id"]].to_numpy().tolist() == [["note", "ets"]]
    assert "4 of 100" in told["reason"].iloc[0]


def test_short_constant_and_empty_series_do_not_stop_the_others(rng):
    short = _frame([3, 4, 6, 5, 7, 9], location="short")
    data = pd.concat(
        [
            _frame(_counts(rng), location="good"),
            short,
            _frame(np.full(130, 7.0), location="constant"),
            _frame(np.full(130, np.nan), location="empty"),
            _frame([1, 2], location="tiny"),
        ]
    )
    with pytest.warns(ForecastWarning, match=r"skipped or fell back.*see notes"):
        made = forecast(data, _ALL, 2)
    told = notes(made)
    skipped = told[told["kind"] == "skipped"]
    assert set(skipped["location"]) == {"empty", "tiny"}
    assert set(made["location"]) == {"good", "short", "constant"}
    fallen = told[told["kind"] == "fallback"]
    assert set(zip(fallen["model_id"], fallen["location"], strict=True)) == {
        (model, place) for model in _ALL[1:] for place in ("short", "constant")
    }
    assert "6 observations, 10 needed" in fallen["reason"].tolist()
    same = made[made["location"] == "short"].groupby("model_id")["value"].apply(list)
    assert same["ets"] == same["naive"]
    flat = made[made["location"] == "constant"]
    assert (flat["value"] == 7.0).all()
    assert (told["reason"].str.contains("no spread") & (told["model_id"] == "naive")).any()


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0, 3.0], [np.nan] * 20])
def test_nothing_to_forecast_is_a_clear_error(values):
    with pytest.raises(NotEnoughData, match=r"no observations|cases / 769: "):
        forecast(_frame(values), ["naive"], 1)


def _twice(data):
    return pd.concat([data, data.iloc[[3]]])


def _mixed(data):
    days = _frame(np.arange(40), "D", "2021-10-24", location="daily")
    return pd.concat([data, days])


def _weekdays(data):
    return pd.concat(
        [
            data,
            data.assign(
                location="hub", target_end_date=data["target_end_date"] - pd.Timedelta(days=1)
            ),
        ]
    )


def _irregular(data):
    return data.assign(
        target_end_date=data["target_end_date"]
        + pd.to_timedelta(np.arange(len(data)) % 3, unit="D")
    )


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda data: data.drop(columns="location"), r"lack the columns \['location'\]"),
        (_twice, "given twice, first cases / 769 on 2021-06-27"),
        (_mixed, r"mixes frequencies \(daily 'D', 769 'W'\)"),
        (_weekdays, r"different weekdays \(hub Saturday, 769 Sunday\)"),
        (_irregular, "location 769: dates between .* irregular"),
        (lambda data: data.assign(observation=np.inf), "cases / 769 on 2021-06-06 are infinite"),
        (lambda data: data.assign(observation="many"), "'observation' cannot be read"),
        (lambda data: data.assign(target_end_date="soon"), "'target_end_date' cannot be read"),
        (lambda data: data.assign(location=None), r"missing values in \['location'\]"),
    ],
)
def test_broken_observations_are_a_clear_error(spoil, message):
    data = _frame(np.arange(21.0))
    with pytest.raises(ContractError, match=message):
        forecast(spoil(data), ["naive"], 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"models": ["naive", "magic"]}, r"unknown models \['magic'\]; known are"),
        ({"models": []}, "unknown models"),
        ({"models": ["naive", "naive"]}, "named twice"),
        ({"models": "naive"}, r"e.g. \['naive'\]"),
        ({"horizon": 0}, "horizon must be a whole number"),
        ({"horizon": 1.5}, "horizon must be a whole number"),
        ({"seed": -1}, "seed must be"),
        ({"samples": 10_001}, "samples must be a whole number from 0 to 10000"),
        ({"quantile_levels": [0.5, 1.0]}, "quantile levels"),
        ({"quantile_levels": []}, "quantile levels"),
    ],
)
def test_wrong_arguments_are_a_clear_error(arguments, message):
    with pytest.raises(ContractError, match=message):
        forecast(_frame(np.arange(20.0)), **{"models": ["naive"], "horizon": 1, **arguments})


def test_frequencies_may_differ_between_targets(rng):
    data = pd.concat(
        [_frame(_counts(rng), "W"), _frame(_counts(rng, 60), "M", "2021-09-30", target="budget")]
    )
    made = forecast(data, ["naive", "ets"], 1)
    dates = made.groupby("target")["reference_date"].first().astype(str)
    assert dates.to_dict() == {"budget": "2021-10-31", "cases": "2021-10-31"}


# --- plugging in -----------------------------------------------------------------------------


def test_registered_model_runs_like_the_others_and_failures_fall_back(rng, monkeypatch):
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry._REGISTRY))

    def pooled(series, request):
        """Mean of all series; gives up on the one called b."""
        centre = np.mean([each.obs[-1] for each in series])
        shape = (request.horizon, len(request.quantile_levels))
        answer = Prediction(np.full(shape, centre), np.empty((0, request.horizon)))
        return [Failure("no b") if each.location == "b" else answer for each in series]

    register_model("pooled", lambda: pooled)
    with pytest.raises(ContractError, match="already taken"):
        register_model("pooled", lambda: pooled)
    with pytest.raises(ContractError, match="letters, digits"):
        register_model("my model", lambda: pooled)
    data = pd.concat([_frame(_counts(rng), location=place) for place in "abc"])
    with pytest.warns(ForecastWarning, match="pooled on cases / b .*no b"):
        made = forecast(data, ["naive", "pooled"], 2)
    newest = data.groupby("location")["observation"].last()
    values = made[made["model_id"] == "pooled"].groupby("location")["value"]
    assert values.first()["a"] == values.first()["c"] == newest.mean()
    assert values.median()["b"] == newest["b"]


def test_diverging_fit_falls_back(rng, monkeypatch):
    from ioc_analytics.forecasting import ets

    exploding = ets._Fit(np.array([1e9]), np.eye(1), 1.0)
    monkeypatch.setattr(ets, "_fit", lambda *_: exploding)
    with pytest.warns(ForecastWarning, match="diverged"):
        made = forecast(_frame(_counts(rng)), ["naive", "ets"], 1)
    values = made.groupby("model_id")["value"].apply(list)
    assert values["ets"] == values["naive"]


def test_no_warning_when_all_is_well(rng):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        forecast(_frame(_counts(rng)), _ALL, 2)
