"""Green, amber, red or unknown: thresholds as data, each marked official or proposed."""

import numpy as np
import pandas as pd
import pytest
from lab import write
from scipy.stats import binom, poisson

from ioc_analytics import sectors
from ioc_analytics.contracts import Indicator
from ioc_analytics.errors import ContractError
from ioc_analytics.lake.thresholds import judge, states, threshold_problems, thresholds
from ioc_analytics.places import REFERENCE

_HIGHER, _LOWER, _NEUTRAL = "t.higher", "t.lower", "t.neutral"


@pytest.fixture
def known(monkeypatch):
    """Three indicators, one for each direction."""
    named = {
        name: Indicator(name, name, name, "%", name[2:], "t.t", "n")
        for name in (_HIGHER, _LOWER, _NEUTRAL)
    }
    monkeypatch.setattr(sectors, "indicators", lambda: named)


def _rule(indicator, green=None, amber=None, method="cut", valid_from="2021-01-01", **other):
    row = {
        "indicator": indicator,
        "method": method,
        "green": green,
        "amber": amber,
        "target": None,
        "basis": "proposed",
        "source": None,
        "valid_from": pd.Timestamp(valid_from),
    }
    return pd.DataFrame([row | other]).astype({"green": float, "amber": float})


def _values(indicator, values, start="2021-10-04", freq="W-MON", location="769"):
    dates = pd.date_range(start, periods=len(values), freq=freq)
    frame = {"indicator": indicator, "location": location, "date": dates, "value": values}
    return pd.DataFrame(frame).astype({"value": float})


# -- what is delivered ----------------------------------------------------------------------------


def test_every_delivered_threshold_is_sound():
    assert threshold_problems(thresholds()) == []


def test_every_delivered_file_is_read():
    files = list((REFERENCE / "thresholds").glob("*.csv"))
    rows = sum(len(pd.read_csv(file)) for file in files)
    assert len(thresholds()) == rows > 0


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (_rule("t.unknown", 1, 2), "there is no such indicator"),
        (_rule(_HIGHER, 95, 90, basis="heard"), "basis is official or proposed, not “heard”"),
        (_rule(_HIGHER, 95, 90, basis="official"), "an official threshold names its source"),
        (_rule(_HIGHER, 95, 90, basis="official", source=" "), "names its source"),
        (_rule(_HIGHER, 95, 90, method="guess"), "method is cut or cchart, not “guess”"),
        (_rule(_NEUTRAL, 95, 90), "better neither high nor low"),
        (_rule(_HIGHER, 90, 95), "green 90 is not the better bound (higher is better)"),
        (_rule(_LOWER, 5, 2), "green 5 is not the better bound (lower is better)"),
        (_rule(_LOWER, 5), "a cut needs green and amber"),
        (_rule(_LOWER, 5, method="cchart"), "a control chart has no bounds"),
        (pd.concat([_rule(_LOWER, 2, 5)] * 2), "two rows from 2021-01-01"),
    ],
)
def test_a_wrong_threshold_is_told(known, rule, problem):
    [told] = threshold_problems(rule)
    assert problem in told


@pytest.mark.parametrize(
    "rule",
    [
        _rule(_HIGHER, 95, 90),
        _rule(_LOWER, 2, 5),
        _rule(_LOWER, 6, 6),
        _rule(_LOWER, method="cchart"),
        _rule(_HIGHER, 95, 90, basis="official", source="766/QĐ-TTg"),
    ],
)
def test_a_right_threshold_is_not(known, rule):
    assert threshold_problems(rule) == []


# -- cuts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indicator", "green", "amber", "value", "state"),
    [
        (_HIGHER, 98, 95, 98.0, "green"),
        (_HIGHER, 98, 95, 97.99, "amber"),
        (_HIGHER, 98, 95, 95.0, "amber"),
        (_HIGHER, 98, 95, 94.99, "red"),
        (_LOWER, 2, 5, 2.0, "green"),
        (_LOWER, 2, 5, 2.01, "amber"),
        (_LOWER, 2, 5, 5.0, "amber"),
        (_LOWER, 2, 5, 5.01, "red"),
        (_LOWER, 2, 5, 0.0, "green"),
        (_LOWER, 2, 5, None, None),
        (_LOWER, 2, None, 1.0, None),
        (_LOWER, None, 5, 1.0, None),
        (_NEUTRAL, 2, 5, 1.0, None),
        ("t.unknown", 2, 5, 1.0, None),
    ],
)
def test_a_bound_is_reached_from_the_better_side(known, indicator, green, amber, value, state):
    rule = _rule(indicator, green, amber)
    assert states(_values(indicator, [value]), rule).to_list() == [state]


def test_the_threshold_in_force_on_the_periods_first_day_counts(known):
    rules = pd.concat(
        [
            _rule(_HIGHER, 90, 80, valid_from="2021-10-05"),
            _rule(_HIGHER, 98, 95, valid_from="2021-10-18", basis="official", source="S"),
        ]
    )
    judged = judge(_values(_HIGHER, [92.0, 92.0, 92.0]), rules)
    assert judged["state"].to_list() == [None, "green", "red"]
    assert judged["basis"].fillna("").to_list() == ["", "proposed", "official"]
    assert judged["green"].fillna(0).to_list() == [0, 90, 98]
    assert judged["source"].iloc[2] == "S"


def test_states_keep_the_order_and_index_of_the_values(known):
    values = pd.concat([_values(_LOWER, [9.0, 1.0]), _values(_HIGHER, [99.0])])
    values.index = [30, 10, 20]
    values = values.iloc[[2, 0, 1]]
    rules = pd.concat([_rule(_HIGHER, 98, 95), _rule(_LOWER, 2, 5)])
    found = states(values, rules)
    assert found.index.to_list() == [20, 30, 10]
    assert found.to_list() == ["green", "red", "green"]


def test_no_threshold_no_state(known):
    assert states(_values(_LOWER, [1.0]), _rule(_HIGHER, 98, 95)).to_list() == [None]
    assert states(_values(_LOWER, []), _rule(_LOWER, 2, 5)).to_list() == []


def test_an_unknown_frequency_is_an_error(known):
    with pytest.raises(ContractError, match="not “week”"):
        states(_values(_LOWER, [1.0]), _rule(_LOWER, 2, 5), "week")


# -- control charts -------------------------------------------------------------------------------


def _last_state(history, value, indicator=_LOWER, **options):
    values = _values(indicator, [*history, value])
    return states(values, _rule(indicator, method="cchart"), **options).iloc[-1]


@pytest.mark.parametrize(
    ("value", "state"),
    [(26, "green"), (27, "amber"), (30, "amber"), (31, "red"), (0, "green"), (None, None)],
)
def test_from_a_mean_of_nine_on_the_limits_are_two_and_three_roots(known, value, state):
    """Mean 18: 18 + 2 sqrt(18) = 26.49 and 18 + 3 sqrt(18) = 30.73."""
    assert _last_state([18.0] * 12, value) == state


def test_where_higher_is_better_the_limits_lie_below(known):
    history = [25.0] * 12  # limits 15 and 10
    found = [_last_state(history, v, _HIGHER) for v in (60, 15, 14, 10, 9)]
    assert found == ["green", "green", "amber", "amber", "red"]


@pytest.mark.parametrize(("value", "state"), [(0, "green"), (1, "green"), (2, "amber"), (3, "red")])
def test_after_a_year_of_zeros_one_case_is_green(known, value, state):
    """Tails by hand: 1/13 = 7.7 %, 1/169 = 0.59 %, 1/2197 = 0.046 %."""
    assert _last_state([0.0] * 12, value) == state


def test_small_means_follow_the_exact_law(known):
    history = [1, 0, 2, 1, 0, 0, 3, 1, 1, 0, 2, 1]  # sum 12
    for value in range(9):
        tail = sum(binom.pmf(k, 12 + value, 1 / 13) for k in range(value, 12 + value + 1))
        state = "red" if tail < 0.00135 else "amber" if tail < 0.02275 else "green"
        assert _last_state(history, value) == state


@pytest.mark.parametrize("mean", [0.2, 1.0, 4.0, 8.0])
def test_below_nine_no_more_false_alarms_than_two_sigma_promises(known, mean):
    """Over all sums of the 12 before, weighted by their chance: the exact rate of alarms."""
    totals, news = np.arange(108), np.arange(40)
    grid = [(s, x) for s in totals for x in news]
    histories = [[*(np.full(12, s // 12) + (np.arange(12) < s % 12)), x] for s, x in grid]
    frame = pd.DataFrame(
        {
            "indicator": _LOWER,
            "location": np.repeat([f"{s} {x}" for s, x in grid], 13),
            "date": np.tile(pd.date_range("2021-10-04", periods=13, freq="W-MON"), len(grid)),
            "value": np.concatenate(histories).astype(float),
        }
    )
    found = states(frame, _rule(_LOWER, method="cchart")).iloc[12::13]
    alarms = found.isin(["amber", "red"]).to_numpy().reshape(len(totals), len(news))
    rate = poisson.pmf(totals, 12 * mean) @ alarms @ poisson.pmf(news, mean)
    assert 0 < rate <= 0.02275


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([1.0] * 11, id="eleven periods"),
        pytest.param([1.0] * 11 + [None], id="one missing"),
        pytest.param([1.0] * 11 + [-1.0], id="one negative"),
    ],
)
def test_without_twelve_known_periods_before_there_is_no_state(known, history):
    assert _last_state(history, 1) is None


def test_a_hole_in_the_periods_is_a_missing_period(known):
    values = _values(_LOWER, [1.0] * 14).drop(index=3)
    assert states(values, _rule(_LOWER, method="cchart")).isna().all()
    assert states(values.iloc[3:], _rule(_LOWER, method="cchart"), "M").isna().all()


def test_only_whole_counts_have_a_chart(known):
    assert _last_state([1.0] * 12, 1.5) is None
    assert _last_state([1.0] * 12, -1) is None


def test_places_and_indicators_have_charts_of_their_own(known):
    values = pd.concat(
        [
            _values(_LOWER, [0.0] * 12 + [3.0], location="a"),
            _values(_LOWER, [3.0] * 12 + [3.0], location="b"),
        ],
        ignore_index=True,
    ).sample(frac=1, random_state=1)
    found = states(values, _rule(_LOWER, method="cchart"))
    last = values["date"] == values["date"].max()
    assert dict(zip(values["location"][last], found[last], strict=True)) == {
        "a": "red",
        "b": "green",
    }
    assert found[~last].isna().all()


def test_months_are_periods_of_different_lengths(known):
    values = _values(_LOWER, [4.0] * 13, "2021-01-01", "MS")
    found = states(values, _rule(_LOWER, method="cchart"), "M")
    assert found.iloc[-1] == "green"
    assert found.iloc[:-1].isna().all()


# -- the lake's own -------------------------------------------------------------------------------

_ID = "procedures.on_time_rate"


def _set(lake, as_of, valid_from, green, **other):
    row = {
        "indicator": _ID,
        "method": "cut",
        "green": float(green),
        "amber": 50.0,
        "basis": "official",
        "source": "Quyết định của thành phố",
        "valid_from": valid_from,
    }
    write(lake, "settings.thresholds", [row | other], as_of)


def _of(frame):
    rows = frame[frame["indicator"] == _ID]
    return [(f"{r.valid_from:%Y-%m-%d}", r.green, r.origin) for r in rows.itertuples()]


def test_an_empty_lake_changes_nothing(lake):
    assert thresholds(lake).equals(thresholds())


def test_from_its_day_on_the_lakes_row_counts(lake):
    [(first, green, origin)] = _of(thresholds())
    assert origin == "default"
    _set(lake, "2022-01-10", "2022-02-01", 99)
    assert _of(thresholds(lake)) == [(first, green, "default"), ("2022-02-01", 99.0, "lake")]
    judged = judge(_values(_ID, [98.5, 98.5], "2022-01-31"), thresholds(lake))
    assert judged["state"].to_list() == ["green", "amber"]
    assert judged["basis"].to_list() == ["proposed", "official"]


def test_a_row_valid_from_before_the_delivered_one_takes_its_place(lake):
    _set(lake, "2022-01-10", "2020-01-01", 99)
    assert _of(thresholds(lake)) == [("2020-01-01", 99.0, "lake")]


def test_a_row_from_the_same_day_takes_its_place_too(lake):
    [(first, _, _)] = _of(thresholds())
    _set(lake, "2022-01-10", first, 99)
    assert _of(thresholds(lake)) == [(first, 99.0, "lake")]


def test_thresholds_are_those_known_on_a_day(lake):
    _set(lake, "2022-01-10", "2020-01-01", 99)
    _set(lake, "2022-03-01", "2020-01-01", 97)
    assert _of(thresholds(lake, "2022-01-09"))[0][2] == "default"
    assert _of(thresholds(lake, "2022-01-10")) == [("2020-01-01", 99.0, "lake")]
    assert _of(thresholds(lake)) == [("2020-01-01", 97.0, "lake")]


def test_a_file_of_thresholds_comes_in_by_the_door(lake, tmp_path):
    file = tmp_path / "nguong.csv"
    file.write_text(
        "Mã chỉ số;Cách đánh giá;Ngưỡng xanh;Ngưỡng vàng;Cơ sở;Nguồn;Áp dụng từ\n"
        f"{_ID};Ngưỡng;99,5;97;Chính thức;Quyết định của thành phố;1/2/2022\n"
        f"{_ID};Ngưỡng;99,5;97;Nghe nói;;1/3/2022\n",
        encoding="utf-8",
    )
    report = lake.ingest(file, "settings.thresholds", as_of="2022-02-01")
    assert (report.stored, report.rejected) == (1, 1)
    assert _of(thresholds(lake))[-1] == ("2022-02-01", 99.5, "lake")
    assert threshold_problems(thresholds(lake).query("origin == 'lake'")) == []
