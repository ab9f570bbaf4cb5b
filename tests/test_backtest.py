import naive
import numpy as np
import pandas as pd
import pytest

from ioc_analytics.calendar import week_end
from ioc_analytics.core.scores import wis
from ioc_analytics.errors import ContractError, NotEnoughData
from ioc_analytics.forecasting import (
    ForecastWarning,
    backtest,
    forecast,
    notes,
    score,
    scoreboard,
)

_ALL = ["naive", "seasonal_naive", "ets", "prophet"]
_QUICK = ["naive", "seasonal_naive", "ets"]


@pytest.fixture
def weekly(rng):
    """Two places, 90 weeks each, ending on Sunday 26 December 2021."""
    ends = pd.date_range(end="2021-12-26", periods=90, freq="7D")
    return pd.concat(
        pd.DataFrame(
            {
                "target": "cases",
                "location": place,
                "target_end_date": ends,
                "observation": rng.poisson(50 + 20 * np.sin(np.arange(90) / 8)).astype(float),
            }
        )
        for place in ("a", "b")
    ).reset_index(drop=True)


def _same(one, other):
    pd.testing.assert_frame_equal(
        one.reset_index(drop=True), other.reset_index(drop=True), check_exact=True
    )


# --- no look-ahead ---------------------------------------------------------------------------


def test_poisoned_future_does_not_change_one_bit(weekly):
    cutoffs = ["2021-09-05", "2021-10-10"]
    clean = backtest(weekly, _ALL, 3, cutoffs, samples=5)
    for cutoff in cutoffs:
        poisoned = weekly.copy()
        poisoned.loc[poisoned["target_end_date"] > cutoff, "observation"] = 1e9
        fold = backtest(poisoned, _ALL, 3, [cutoff], samples=5)
        reference = pd.Timestamp(cutoff) + pd.Timedelta(days=7)
        _same(fold, clean[clean["reference_date"] == reference])


def test_fold_equals_a_forecast_made_from_the_rows_known_then(weekly):
    fold = backtest(weekly, _QUICK, 2, ["2021-10-13"])  # a Wednesday: Sunday's data count
    known = weekly[weekly["target_end_date"] <= "2021-10-10"]
    _same(fold, forecast(known, _QUICK, 2))
    assert fold["reference_date"].unique() == pd.to_datetime(["2021-10-17"])


def test_revisions_learnt_later_are_not_seen_and_the_newest_known_one_is(weekly):
    first = weekly.assign(as_of=weekly["target_end_date"] + pd.Timedelta(days=2))
    late = first[first["target_end_date"] == "2021-10-03"].assign(
        observation=1e9, as_of=pd.Timestamp("2021-11-01")
    )
    better = first[first["target_end_date"] == "2021-09-26"].assign(
        observation=77.0, as_of=pd.Timestamp("2021-10-08")
    )
    fold = backtest(pd.concat([late, better, first]), ["naive"], 1, ["2021-10-12"])
    known = weekly[weekly["target_end_date"] <= "2021-10-10"].copy()
    known.loc[known["target_end_date"] == "2021-09-26", "observation"] = 77.0
    _same(fold, forecast(known, ["naive"], 1))
    # on Monday the week that ended the day before is not yet known
    monday = backtest(first, ["naive"], 1, ["2021-10-11"])
    assert monday["reference_date"].unique() == pd.to_datetime(["2021-10-10"])


# --- folds -----------------------------------------------------------------------------------


def test_result_does_not_depend_on_the_number_of_processes(weekly):
    one = backtest(weekly, _ALL, 2, n_cutoffs=3, samples=3, n_jobs=1)
    two = backtest(weekly, _ALL, 2, n_cutoffs=3, samples=3, n_jobs=2)
    _same(one, two)


def test_default_cutoffs_are_the_newest_that_can_be_scored(weekly):
    made = backtest(weekly, ["naive"], 4, n_cutoffs=3, step=2)
    wanted = pd.to_datetime(["2021-11-07", "2021-11-21", "2021-12-05"])
    assert made["reference_date"].unique().tolist() == wanted.tolist()
    assert len(score(made, weekly)) == 3 * 4 * 2


def test_early_cutoffs_skip_with_a_note(weekly):
    with pytest.warns(ForecastWarning, match="skipped"):
        made = backtest(weekly, ["naive"], 1, ["2020-04-20", "2021-01-03"])
    told = notes(made)
    assert told["kind"].unique().tolist() == ["skipped"]
    assert len(told) == 2
    assert len(made["reference_date"].unique()) == 1


def test_unusable_cutoffs_are_a_clear_error(weekly):
    with pytest.raises(ContractError, match="two cutoffs see the same last date.*2021-10-17"):
        backtest(weekly, ["naive"], 1, ["2021-10-12", "2021-10-13"])
    with pytest.raises(ContractError, match="no cutoff"):
        backtest(weekly, ["naive"], 1, [])
    with pytest.raises(ContractError, match="n_cutoffs and step"):
        backtest(weekly, ["naive"], 1, step=0)
    with pytest.raises(NotEnoughData, match="none before a horizon of 90"):
        backtest(weekly, ["naive"], 90)
    with pytest.raises(NotEnoughData, match="any of 1 cutoffs up to 2019-01-01"):
        backtest(weekly, ["naive"], 1, ["2019-01-01"])


# --- scores ----------------------------------------------------------------------------------


def test_scores_are_those_of_the_arrays(weekly):
    made = backtest(weekly, ["naive", "ets"], 2, n_cutoffs=4)
    scores = score(made, weekly)
    assert scores.columns.tolist() == [
        "model_id",
        "target",
        "location",
        "reference_date",
        "horizon",
        "wis",
        "dispersion",
        "overprediction",
        "underprediction",
        "ae",
        "coverage_50",
        "coverage_95",
    ]
    truth = weekly.set_index(["location", "target_end_date"])["observation"]
    for key, rows in made.groupby(["model_id", "location", "reference_date", "horizon"]):
        model, place, reference, horizon = key
        row = scores[
            (scores["model_id"] == model)
            & (scores["location"] == place)
            & (scores["reference_date"] == reference)
            & (scores["horizon"] == horizon)
        ].iloc[0]
        y = truth[place, rows["target_end_date"].iloc[0]]
        at = rows.set_index("output_type_id")["value"]
        assert row["wis"] == pytest.approx(wis(y, rows["value"], rows["output_type_id"]))
        assert row["ae"] == abs(y - at[0.5])
        assert row["coverage_50"] == float(at[0.25] <= y <= at[0.75])
        assert row["coverage_95"] == float(at[0.025] <= y <= at[0.975])
    parts = scores[["dispersion", "overprediction", "underprediction"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(scores["wis"].to_numpy())


def test_score_uses_the_newest_truth_and_leaves_out_what_has_none(weekly):
    made = backtest(weekly, ["naive"], 4, ["2021-12-12"])
    revised = weekly.assign(as_of=pd.Timestamp("2021-12-27"))
    last = revised["target_end_date"] == "2021-12-26"
    revised = pd.concat([revised, revised[last].assign(observation=0.0, as_of="2022-02-01")])
    revised["as_of"] = pd.to_datetime(revised["as_of"])
    scores = score(made, revised)
    assert sorted(scores["horizon"].unique()) == [0, 1]  # two of four weeks have happened
    median = made[(made["horizon"] == 1) & (made["output_type_id"] == 0.5)]["value"].to_numpy()
    assert scores.loc[scores["horizon"] == 1, "ae"].to_numpy() == pytest.approx(median)
    assert score(made, weekly[weekly["target_end_date"] < "2021-12-01"]).empty


def test_score_reads_files_back_and_ignores_samples(weekly, tmp_path):
    made = backtest(weekly, ["naive"], 2, n_cutoffs=2, samples=10)
    made.to_csv(tmp_path / "made.csv", index=False)
    back = pd.read_csv(tmp_path / "made.csv")
    pd.testing.assert_frame_equal(score(back, weekly), score(made, weekly))


def test_broken_forecasts_are_a_clear_error(weekly):
    made = backtest(weekly, ["naive"], 1, n_cutoffs=2)
    with pytest.raises(ContractError, match="given twice, first naive on cases / a"):
        score(pd.concat([made, made.head(1)]), weekly)
    with pytest.raises(ContractError, match=r"forecasts of naive lack the levels \[0.01\]"):
        score(made.iloc[1:], weekly)
    with pytest.raises(ContractError, match="median and pairs"):
        score(made[made["output_type_id"] < 0.9], weekly)
    with pytest.raises(ContractError, match="lack the columns"):
        score(made.drop(columns="value"), weekly)


def test_coverage_is_missing_without_its_levels(weekly):
    made = backtest(weekly, ["naive"], 1, n_cutoffs=2, quantile_levels=[0.25, 0.5, 0.75])
    scores = score(made, weekly)
    assert scores["coverage_95"].isna().all()
    assert scores["coverage_50"].notna().all()


def test_board_compares_on_common_forecasts_only(weekly):
    scores = score(backtest(weekly, _QUICK, 2, n_cutoffs=5), weekly)
    spoilt = scores[~((scores["model_id"] == "naive") & (scores["location"] == "b"))]
    spoilt = spoilt[~((spoilt["model_id"] == "ets") & (spoilt["horizon"] == 1))]
    board = scoreboard(spoilt).set_index("model_id")
    wanted = naive.naive_board(spoilt, "naive")
    assert board["relative_wis"].to_dict() == pytest.approx(wanted)
    assert board["n"].to_dict() == {"naive": 10, "ets": 10, "seasonal_naive": 20}
    assert board["n_common"].to_dict() == {"naive": 10, "ets": 5, "seasonal_naive": 10}
    by_place = scoreboard(scores, by=["location"])
    assert len(by_place) == 6
    assert (by_place.loc[by_place["model_id"] == "naive", "relative_wis"] == 1.0).all()
    with pytest.raises(ContractError, match="no scores of the baseline 'mean'"):
        scoreboard(scores, baseline="mean")


# --- real data -------------------------------------------------------------------------------


@pytest.mark.real
def test_all_models_run_side_by_side_on_real_weeks(real_data):
    daily = pd.read_csv(
        real_data("thuduc/covid_hcmc_daily_2020_2022.csv"), parse_dates=["date"]
    ).dropna(subset="new_cases")
    ends = pd.to_datetime(week_end(daily["date"].to_numpy()))
    weeks = daily.groupby(ends)["new_cases"].agg(["sum", "size"])
    covid = weeks.loc[weeks["size"] == 7, "sum"]
    ili = pd.read_csv(real_data("thuduc/ili_hcmc_weekly_2009_2019.csv"), parse_dates=["week_start"])
    for target, dates, values in (
        ("covid", covid.index, covid.to_numpy()),
        ("ili", ili["week_start"] + pd.Timedelta(days=6), ili["ili"].to_numpy()),
    ):
        data = pd.DataFrame(
            {
                "target": target,
                "location": "79",
                "target_end_date": dates,
                "observation": values,
            }
        )
        scores = score(backtest(data, _ALL, 4, n_cutoffs=6, step=2), data)
        board = scoreboard(scores).set_index("model_id")
        assert set(board.index) == set(_ALL)
        assert np.isfinite(scores["wis"]).all()
        assert (board["n"] == 24).all()
        assert board.loc["naive", "relative_wis"] == 1.0


def test_targets_of_different_frequency_need_cutoffs_of_their_own():
    weeks = pd.date_range("2020-01-05", periods=40, freq="W-SUN")
    months = pd.date_range("2018-01-31", periods=40, freq="ME")
    frames = [
        pd.DataFrame(
            {"target": t, "location": "79", "target_end_date": days, "observation": range(40)}
        )
        for t, days in (("weekly", weeks), ("monthly", months))
    ]
    with pytest.raises(ContractError, match="once for each frequency"):
        backtest(pd.concat(frames), ["naive"], 2)
