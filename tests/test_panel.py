"""The panel: date × place × indicator, every value a ratio of sums over complete periods."""

import datetime as dt
import itertools
import os
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_analytics import sectors
from ioc_analytics.contracts import Indicator
from ioc_analytics.errors import ContractError, LakeError
from ioc_analytics.lake import open_lake
from ioc_analytics.lake.panel import measure
from ioc_analytics.places import REFERENCE, places, ward_codes

_CASES, _RATE = "epidemic.new_cases", "epidemic.case_rate"
_TEMPERATURE, _INDEX = "lab.temperature", "lab.index"  # a mean and a stock that wards add up to
_LAB = {
    _TEMPERATURE: Indicator(
        id=_TEMPERATURE,
        name_vi="Nhiệt độ",
        name_en="Temperature",
        unit="°C",
        direction="neutral",
        table="geography.weather_daily",
        numerator="temp_c",
        denominator="1",
    ),
    _INDEX: Indicator(
        id=_INDEX,
        name_vi="Chỉ số",
        name_en="Index",
        unit="%",
        direction="neutral",
        table="economy.monthly",
        numerator="value",
        where="series = 'cpi_yoy'",
        over_time="last",
        freq="M",
    ),
}
_WARDS = ward_codes()
_MONDAY = dt.date(2021, 7, 5)
_EXAMPLES = 150 if os.environ.get("IOC_FULL") else 8
_counter = itertools.count()


@pytest.fixture(autouse=True, scope="module")
def _lab_indicators():
    known = sectors.indicators() | _LAB
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sectors, "indicators", lambda: known)
        yield


def _put(lake, tmp_path, table, header, rows, as_of="2021-12-31", **options):
    file = tmp_path / f"{next(_counter)}.csv"
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    file.write_text("\n".join([header, *lines]), encoding="utf-8")
    report = lake.ingest(file, table, as_of=as_of, **options)
    assert report.rejected == 0


def _cases(lake, tmp_path, rows, **options):
    """Take in rows {(day, place): new_cases}."""
    flat = [(day, place, n) for (day, place), n in rows.items()]
    _put(lake, tmp_path, "epidemic.cases_daily", "date,location,new_cases", flat, **options)


def _wards(lake, tmp_path):
    shutil.copy(REFERENCE / "wards.csv", tmp_path / "wards.csv")
    lake.ingest(tmp_path / "wards.csv", "geography.wards", as_of="2021-01-01")
    frame = pd.read_csv(tmp_path / "wards.csv", dtype={"ward_code": str})
    return frame.set_index("ward_code")["population"]


def _days(start, count):
    return [start + dt.timedelta(days=i) for i in range(count)]


def _value(panel, indicator, place, day):
    return panel[(indicator, place)][pd.Timestamp(day)]


# -- the definition, as loops ---------------------------------------------------------------------

_PERIODS = {
    "D": (lambda d: d, lambda d: 1),
    "W": (lambda d: d - dt.timedelta(days=d.weekday()), lambda d: 7),
    "M": (lambda d: d.replace(day=1), lambda d: pd.Period(d, "M").days_in_month),
}


def _city_rows(rows):
    """Return the city's rows: its own, and on days without one those of its wards."""
    own = {d for d, place in rows if place == "769"}
    for (day, place), n in rows.items():
        if place == "769":
            yield day, n, 1.0
        elif place in _WARDS and day not in own:
            yield day, n, 1 / 34


def _naive(rows, freq, place):
    """Return period -> (sum, count, coverage) of a daily table, one row after the other."""
    start, length = _PERIODS[freq]
    chosen = (
        _city_rows(rows)
        if place == "769"
        else ((d, n, 1.0) for (d, p), n in rows.items() if p == place)
    )
    found = {}
    for day, n, weight in chosen:
        period = start(day)
        total, count, covered = found.get(period, (0, 0, 0.0))
        found[period] = (total + n, count + 1, covered + weight / length(period))
    return found


_ROWS = st.dictionaries(
    st.tuples(
        st.integers(0, 40).map(lambda i: _MONDAY + dt.timedelta(days=i)),
        st.sampled_from(["769", "79", _WARDS[0], _WARDS[1]]),
    ),
    st.integers(-3, 30),
    min_size=1,
    max_size=60,
)


@settings(max_examples=_EXAMPLES, deadline=None)
@given(rows=_ROWS, whole_days=st.sets(st.integers(0, 40), max_size=20))
def test_sums_and_means_equal_loops_over_the_rows(rows, whole_days, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    lake = open_lake(folder / "lake")
    rows |= {(_MONDAY + dt.timedelta(days=i), w): i for i in whole_days for w in _WARDS}
    _cases(lake, folder, rows)
    flat = [(day, place, n) for (day, place), n in rows.items()]
    _put(lake, folder, "geography.weather_daily", "date,location,temp_c", flat)
    for freq in _PERIODS:
        long = measure(lake, [_CASES, _TEMPERATURE], freq, ["769", "79", _WARDS[0]])
        for place in ("769", "79", _WARDS[0]):
            naive = _naive(rows, freq, place)
            for indicator in (_CASES, _TEMPERATURE):
                got = long[(long["location"] == place) & (long["indicator"] == indicator)]
                assert [d.date() for d in got["date"]] == sorted(naive)
                for row in got.itertuples():
                    total, count, coverage = naive[row.date.date()]
                    assert row.n == count
                    assert row.coverage == pytest.approx(coverage)
                    assert row.numerator == total
                    mean = indicator == _TEMPERATURE
                    assert row.value == pytest.approx(total / count if mean else total)


# -- additivity -----------------------------------------------------------------------------------


@settings(max_examples=_EXAMPLES, deadline=None)
@given(
    counts=st.lists(st.integers(0, 50), min_size=34 * 3, max_size=34 * 3),
    own=st.sets(st.integers(0, 27)),
)
def test_wards_add_up_to_the_city_and_days_to_weeks(counts, own, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    lake = open_lake(folder / "lake")
    days = _days(_MONDAY, 28)
    grid = itertools.product(days, _WARDS)
    rows = dict(zip(grid, itertools.cycle(counts)))  # noqa: B905 - the cycle has no end
    wards_only = dict(rows)
    rows |= {(days[i], "769"): 1000 + i for i in own}
    _cases(lake, folder, rows)
    daily = lake.panel([_CASES], "D", ["769", *_WARDS])[_CASES]
    weekly = lake.panel([_CASES], "W", ["769", *_WARDS])[_CASES]
    assert not daily.isna().any(axis=None)
    assert not weekly.isna().any(axis=None)
    for i, day in enumerate(days):
        of_wards = sum(wards_only[day, w] for w in _WARDS)
        assert daily["769"][pd.Timestamp(day)] == (1000 + i if i in own else of_wards)
    pd.testing.assert_frame_equal(
        daily.resample("W-MON", closed="left", label="left").sum(), weekly, check_freq=False
    )


def test_a_year_of_days_adds_up_to_months_quarters_and_the_year(lake, tmp_path, rng):
    days = _days(dt.date(2020, 1, 1), 366)
    counts = rng.integers(0, 100, 366)
    _cases(lake, tmp_path, {(d, "769"): int(n) for d, n in zip(days, counts, strict=True)})
    total = {f: lake.panel([_CASES], f, "city").iloc[:, 0] for f in ("D", "M", "Q", "Y")}
    assert [len(s) for s in total.values()] == [366, 12, 4, 1]
    assert {s.sum() for s in total.values()} == {counts.sum()}
    assert total["M"].iloc[1] == counts[31:60].sum()  # February of a leap year


def test_a_share_is_a_ratio_of_sums_and_not_a_mean_of_ratios(lake, tmp_path):
    rows = [
        ("2021-07-05", w, 100 if w == _WARDS[0] else 10, 50 if w == _WARDS[0] else 0)
        for w in _WARDS
    ]
    rows += [(day, w, 10, 1) for day in ("2021-07-12", "2021-07-19", "2021-07-26") for w in _WARDS]
    _put(lake, tmp_path, "health.ili_weekly", "week_start,location,patients,ili", rows)
    city = lake.panel(["health.ili_share"], "W", "city").iloc[:, 0]
    assert city.iloc[0] == pytest.approx(100 * 50 / 430)  # the mean of ratios would be 1.47
    month = lake.panel(["health.ili_share"], "M", "city", start="2021-07-01")
    assert month.iloc[0, 0] == pytest.approx(100 * (50 + 3 * 34) / (430 + 3 * 340))


def test_a_rate_divides_by_the_residents_once_whatever_the_number_of_days(lake, tmp_path):
    people = _wards(lake, tmp_path)
    _cases(lake, tmp_path, {(d, w): 2 for d in _days(_MONDAY, 7) for w in _WARDS})
    place = _WARDS[3]
    daily = lake.panel([_RATE], "D", [place, "769"])
    weekly = lake.panel([_RATE], "W", [place, "769"])
    assert _value(daily, _RATE, place, _MONDAY) == pytest.approx(2e5 / people[place])
    assert _value(weekly, _RATE, place, _MONDAY) == pytest.approx(14e5 / people[place])
    assert _value(weekly, _RATE, "769", _MONDAY) == pytest.approx(14e5 * 34 / people.sum())


def test_the_city_rate_divides_by_all_residents_also_when_few_wards_report(lake, tmp_path):
    people = _wards(lake, tmp_path)
    _cases(lake, tmp_path, {(_MONDAY, w): 1 for w in _WARDS[:29]})
    assert lake.panel([_RATE], "D", "city").isna().all(axis=None)
    partly = lake.panel([_RATE], "D", "city", min_coverage=29 / 34).iloc[0, 0]
    assert partly == pytest.approx(29e5 / people.sum())


def test_a_place_without_residents_on_record_has_no_rate(lake, tmp_path):
    _wards(lake, tmp_path)
    _cases(lake, tmp_path, {(_MONDAY, "79"): 1})
    assert lake.panel([_RATE], "D", ["79"]).isna().all(axis=None)


_YOY = "% so với cùng kỳ"


def test_a_value_in_another_unit_is_not_measured(lake, tmp_path):
    rows = [("2021-01", "VN", "retail_sales", 5.0, "triệu đồng")]
    rows += [("2021-02", "VN", "retail_sales", 7.0, "tỷ đồng")]
    _put(lake, tmp_path, "economy.monthly", "month,location,series,value,unit", rows)
    assert lake.panel(["economy.retail_sales"], "M", ["VN"]).iloc[:, 0].tolist() == [7.0]


def test_a_stock_takes_the_last_value_of_the_period(lake, tmp_path):
    rows = [(f"2021-{m:02}", "769", "cpi_yoy", float(m), _YOY) for m in range(1, 8)]
    _put(lake, tmp_path, "economy.monthly", "month,location,series,value,unit", rows)
    city = lake.panel([_INDEX], "Q", "city").iloc[:, 0]
    assert city.tolist() == [3.0, 6.0, 7.0]


def test_a_stock_of_the_city_is_not_complete_while_a_ward_is_missing(lake, tmp_path):
    rows = [(f"2021-{m:02}", w, "cpi_yoy", 1.0, _YOY) for m in (1, 2, 3) for w in _WARDS[:20]]
    _put(lake, tmp_path, "economy.monthly", "month,location,series,value,unit", rows)
    assert measure(lake, [_INDEX], "Q", "city")["coverage"][0] == pytest.approx(20 / 34)
    assert lake.panel([_INDEX], "Q", "city").isna().all(axis=None)


# -- missing stays missing ------------------------------------------------------------------------


def test_a_period_with_a_missing_day_is_missing_unless_less_is_asked_for(lake, tmp_path):
    rows = {(d, "769"): 1 for d in _days(_MONDAY, 14) if d != _MONDAY + dt.timedelta(days=9)}
    _cases(lake, tmp_path, rows)
    assert lake.panel([_CASES], "W", "city").iloc[:, 0].tolist()[0] == 7
    assert np.isnan(lake.panel([_CASES], "W", "city").iloc[1, 0])
    assert lake.panel([_CASES], "W", "city", min_coverage=6 / 7).iloc[1, 0] == 6
    assert measure(lake, [_CASES], "W", "city")["coverage"].tolist() == [1, pytest.approx(6 / 7)]


def test_an_empty_cell_is_a_missing_day_and_zero_is_not(lake, tmp_path):
    _cases(lake, tmp_path, {(_MONDAY, "769"): None, (_MONDAY + dt.timedelta(days=1), "769"): 0})
    assert lake.panel([_CASES], "D", "city").iloc[:, 0].tolist() == [0.0]
    wards = lake.panel([_CASES], "D", "ward")
    assert wards.isna().all(axis=None)


def test_periods_without_rows_stand_in_the_index_as_missing(lake, tmp_path):
    _cases(
        lake,
        tmp_path,
        {(d, "769"): 1 for d in (*_days(_MONDAY, 7), *_days(_MONDAY.replace(day=26), 7))},
    )
    panel = lake.panel([_CASES], "W", "city")
    assert [str(d.date()) for d in panel.index] == [
        "2021-07-05",
        "2021-07-12",
        "2021-07-19",
        "2021-07-26",
    ]
    assert panel.index.name == "date"
    assert panel.iloc[:, 0].isna().tolist() == [False, True, True, False]


def test_no_row_at_all_gives_an_empty_panel_of_the_asked_shape(lake, tmp_path):
    _cases(lake, tmp_path, {(_MONDAY, "79"): 1})
    panel = lake.panel([_CASES, _TEMPERATURE][:1], "W", "ward")
    assert panel.empty
    assert panel.columns.names == ["indicator", "location"]
    assert panel.columns.get_level_values("location").tolist() == list(_WARDS)


def test_division_by_zero_is_missing(lake, tmp_path):
    _put(
        lake,
        tmp_path,
        "health.ili_weekly",
        "week_start,location,patients,ili",
        [("2021-07-05", "79", 0, 0)],
    )
    assert lake.panel(["health.ili_share"], "W", ["79"]).isna().all(axis=None)


# -- own rows first, places, limits, as_of --------------------------------------------------------


def test_the_city_has_its_own_rows_first_and_its_wards_on_other_days(lake, tmp_path):
    next_day = _MONDAY + dt.timedelta(days=1)
    rows = {(d, w): 1 for d in (_MONDAY, next_day) for w in _WARDS}
    _cases(lake, tmp_path, rows | {(_MONDAY, "769"): 50})
    assert lake.panel([_CASES], "D", "city").iloc[:, 0].tolist() == [50, 34]


def test_places_outside_the_city_are_never_added_to_it(lake, tmp_path):
    _cases(lake, tmp_path, {(_MONDAY, p): 1 for p in ("VN", "79", "760")})
    assert measure(lake, [_CASES], "D", "city").empty
    assert lake.panel([_CASES], "D", ["79", "VN"]).iloc[0].tolist() == [1, 1]


def test_columns_follow_the_order_asked_for_and_repeats_are_one(lake, tmp_path):
    _wards(lake, tmp_path)
    _cases(lake, tmp_path, {(_MONDAY, p): 1 for p in ("769", "79")})
    panel = lake.panel([_RATE, _CASES, _RATE], "D", ["79", "769", "79"])
    assert panel.columns.tolist() == [(i, p) for i in (_RATE, _CASES) for p in ("79", "769")]


def test_start_and_end_are_the_first_and_last_period(lake, tmp_path):
    _cases(lake, tmp_path, {(d, "769"): 1 for d in _days(_MONDAY, 28)})
    panel = lake.panel([_CASES], "W", "city", start="2021-07-12", end=dt.date(2021, 7, 19))
    assert panel.index.day.tolist() == [12, 19]


@settings(max_examples=_EXAMPLES, deadline=None)
@given(first=_ROWS, second=_ROWS)
def test_a_panel_as_of_a_day_is_the_panel_of_a_lake_that_stopped_there(
    first, second, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("lake")
    stopped, lake = open_lake(folder / "stopped"), open_lake(folder / "lake")
    for store in (stopped, lake):
        _cases(store, folder, first, as_of="2021-09-01")
    _cases(lake, folder, second, as_of="2021-09-02")
    ask = ([_CASES], "W", ["769", "79"])
    pd.testing.assert_frame_equal(
        lake.panel(*ask, as_of="2021-09-01"), stopped.panel(*ask), check_freq=False
    )
    merged = _naive(first | second, "W", "79")
    got = measure(lake, *ask)
    got = got[got["location"] == "79"].set_index("date")["numerator"]
    assert {d.date(): n for d, n in got.items()} == {d: total for d, (total, *_) in merged.items()}


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (
            (["epidemic.new_case"],),
            "no indicator “epidemic.new_case” .did you mean “epidemic.new_cases",
        ),
        (([_CASES], "H"), "freq is one of D, W, M, Q, Y, not “H”"),
        ((["health.ili_share"], "D"), "health.ili_share is known by week; it has no values by day"),
        (([_INDEX], "W"), "lab.index is known by month; it has no values by week"),
        (([_CASES], "W", "wards"), "locations is “ward”, “ward2025”, “city” or a list of codes"),
        (([_CASES], "W", ["7690"]), "no place with the code “7690” .did you mean “769”"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_by_name(lake, args, why):
    with pytest.raises(ContractError, match=why):
        lake.panel(*args)


def test_a_table_without_data_is_named(lake, tmp_path):
    with pytest.raises(LakeError, match="epidemic.cases_daily holds no data"):
        lake.panel([_CASES])
    _cases(lake, tmp_path, {(_MONDAY, "769"): 1})
    with pytest.raises(LakeError, match="geography.wards holds no data"):
        lake.panel([_RATE])


# -- the real files -------------------------------------------------------------------------------


@pytest.mark.real
def test_the_real_wards_stay_a_partial_city_and_are_not_shown_as_a_whole(lake, real_data):
    file = real_data("thuduc/covid_thuduc_wards_daily_2021.csv")
    lake.ingest(file, "epidemic.cases_daily", as_of="2021-07-14", absent="zero")
    assert lake.panel([_CASES], "D", "city").isna().all(axis=None)  # 29 of 34 wards
    partial = lake.panel([_CASES], "D", "city", min_coverage=29 / 34)
    assert partial.sum().item() == 1194
    lake.ingest(
        real_data("thuduc/covid_hcmc_districts_daily_2021.csv"),
        "epidemic.cases_daily",
        as_of="2021-07-14",
        absent="zero",
    )
    assert lake.panel([_CASES], "D", "city").sum().item() == 1194


@pytest.mark.real
def test_the_real_shares_by_month_are_ratios_of_the_file_sums(lake, real_data):
    file = real_data("thuduc/ili_hcmc_weekly_2009_2019.csv")
    lake.ingest(file, "health.ili_weekly", set_columns={"location": "79"})
    frame = pd.read_csv(file, parse_dates=["week_start"]).set_index("week_start")
    sums = frame[["ili", "patients"]].resample("MS").sum()
    panel = lake.panel(["health.ili_share"], "M", ["79"]).iloc[:, 0].dropna()
    expected = (100 * sums["ili"] / sums["patients"]).loc[panel.index]
    assert len(panel) > 100
    np.testing.assert_allclose(panel, expected)
    assert places()["79"].level == "province"
