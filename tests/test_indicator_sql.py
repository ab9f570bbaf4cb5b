"""What each way of declaring an indicator gives, on tables small enough to work out by hand."""

import datetime as dt
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import put, value

from ioc_analytics import sectors
from ioc_analytics.contracts import Column, Indicator, Part, System, Table, location_columns
from ioc_analytics.errors import ContractError
from ioc_analytics.lake import open_lake
from ioc_analytics.lake.crosswalk import crosswalk
from ioc_analytics.lake.panel import measure
from ioc_analytics.places import ward_codes, ward_codes_2025

_A, _B = ward_codes()[:2]
_EXAMPLES = 100 if os.environ.get("IOC_FULL") else 6

_FILES = Table(
    name="lab.files",
    vi="Hồ sơ",
    en="Files",
    key=("file",),
    date="received",
    events=True,
    columns=(
        Column("file", "text", "Mã"),
        Column("received", "datetime", "Nhận"),
        *location_columns(),
        Column("due", "date", "Hẹn"),
        Column("returned", "datetime", "Trả"),
        Column("hours", "number", "Giờ"),
    ),
)
_FIGURES = Table(
    name="lab.figures",
    vi="Số liệu",
    en="Figures",
    key=("day", "location", "unit"),
    date="day",
    columns=(
        Column("day", "date", "Ngày"),
        *location_columns(),
        Column("unit", "text", "Đơn vị"),
        Column("n", "number", "n"),
        Column("m", "number", "m"),
    ),
)


def _indicator(name, table="lab.figures", numerator="n", **options):
    return Indicator(
        id=f"lab.{name}",
        name_vi=name,
        name_en=name,
        unit="",
        direction="neutral",
        table=table,
        numerator=numerator,
        **options,
    )


_OPEN = {"opened": "received", "closed": "returned", "over_time": "open"}
_INDICATORS = [
    _indicator("received", "lab.files", "1"),
    _indicator("per_resident", "lab.files", "1", denominator="population", scale=1e5),
    _indicator(
        "on_time",
        "lab.files",
        "case when cast(returned as date) <= due then 1 else 0 end",
        denominator="1",
        scale=100.0,
        where="returned is not null",
        date="returned",
    ),
    _indicator("pending", "lab.files", "1", **_OPEN),
    _indicator("overdue", "lab.files", "1", **{**_OPEN, "opened": "due + 1"}),
    _indicator("median_hours", "lab.files", "hours", over_time="median"),
    _indicator("sum"),
    _indicator("change", scale=100.0, offset=-100.0, against=4, freq="W"),
    _indicator("ratio_change", denominator="m", against=2),
    _indicator("year", scale=100.0, offset=-100.0, against="year"),
    _indicator("last", over_time="last"),
    _indicator("highest", over_time="max"),
    _indicator("own", over_space="own"),
    _indicator("share", denominator="m", scale=100.0),
    _indicator("office", "lab.files", "working_hours(received, returned)", denominator="1"),
    Indicator(
        id="lab.score",
        name_vi="Điểm",
        name_en="Score",
        unit="điểm",
        direction="higher",
        parts=(Part("lab.share", 20.0), Part("lab.sum", 30.0, full=10.0, zero=4.0)),
    ),
]


@pytest.fixture(autouse=True, scope="module")
def _lab():
    tables = sectors.tables() | {t.name: t for t in (_FILES, _FIGURES)}
    indicators = sectors.indicators() | {i.id: i for i in _INDICATORS}
    systems = sectors.systems() | {"lab": System("lab", "Thử", "Lab")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sectors, "tables", lambda: tables)
        patch.setattr(sectors, "indicators", lambda: indicators)
        patch.setattr(sectors, "systems", lambda: systems)
        yield


def _file(name, received, place=_A, due=None, returned=None, hours=None):
    return {
        "file": name,
        "received": f"{received} 09:00" if len(received) == 10 else received,
        "location": place,
        "due": due,
        "returned": f"{returned} 10:00" if returned and len(returned) == 10 else returned,
        "hours": hours,
    }


def _figure(day, n, place=_A, unit="x", m=None):
    return {"day": day, "location": place, "unit": unit, "n": n, "m": m}


# -- events ---------------------------------------------------------------------------------------


def test_a_ward_without_events_on_covered_days_had_none_and_outside_them_is_unknown(lake):
    put(lake, "lab.files", [_file("1", "2021-10-05")], covers=("2021-10-04", "2021-10-17"))
    assert value(lake, "lab.received", "W", _A, "2021-10-04") == 1
    assert value(lake, "lab.received", "W", _B, "2021-10-04") == 0
    assert value(lake, "lab.received", "W", _A, "2021-10-11") == 0
    assert value(lake, "lab.received", "W", "769", "2021-10-11") == 0
    assert np.isnan(value(lake, "lab.received", "W", _A, "2021-10-18"))


def test_without_a_word_about_coverage_it_goes_from_the_first_to_the_last_event(lake):
    put(lake, "lab.files", [_file("1", "2021-10-05"), _file("2", "2021-10-07", _B)])
    panel = lake.panel(["lab.received"], "D", [_A])
    assert panel.iloc[:, 0].tolist() == [1, 0, 0]
    assert panel.index[0] == pd.Timestamp("2021-10-05")
    assert lake.covered("lab.files")["last"].tolist() == [pd.Timestamp("2021-10-07")]


def test_a_period_that_is_covered_in_part_is_missing(lake):
    put(lake, "lab.files", [_file("1", "2021-10-05")], covers=("2021-10-05", "2021-10-10"))
    assert np.isnan(value(lake, "lab.received", "W", _A, "2021-10-04"))
    assert value(lake, "lab.received", "W", _A, "2021-10-04", min_coverage=6 / 7) == 1


def test_events_without_a_ward_belong_to_the_city_on_top_of_those_of_its_wards(lake):
    rows = [_file("1", "2021-10-05"), _file("2", "2021-10-05", "769"), _file("3", "2021-10-06", _B)]
    put(lake, "lab.files", rows, covers=("2021-10-04", "2021-10-10"))
    assert value(lake, "lab.received", "W", "769", "2021-10-04") == 3
    assert (
        measure(lake, ["lab.received", "lab.pending"], "W", "city")["coverage"].tolist()
        == [pytest.approx(1.0)] * 2
    )


def test_an_export_of_the_city_says_nothing_about_places_outside_it(lake):
    put(lake, "lab.files", [_file("1", "2021-10-05")], covers=("2021-10-04", "2021-10-10"))
    assert lake.panel(["lab.received", "lab.pending"], "W", ["79", "VN"]).isna().all(axis=None)


def test_a_rate_of_events_divides_by_residents_also_where_none_happened(lake):
    residents = [
        {"ward_code": w, "name_vi": "", "population": 50_000, "population_basis": "estimate",
         "lat": 10.8, "lon": 106.8}
        for w in ward_codes()
    ]  # fmt: skip
    put(lake, "geography.wards", residents)
    put(lake, "lab.files", [_file("1", "2021-10-05")], covers=("2021-10-04", "2021-10-10"))
    assert value(lake, "lab.per_resident", "W", _A, "2021-10-04") == pytest.approx(2.0)
    assert value(lake, "lab.per_resident", "W", _B, "2021-10-04") == 0
    city = value(lake, "lab.per_resident", "W", "769", "2021-10-04")
    assert city == pytest.approx(1e5 / (34 * 50_000))


def test_a_share_of_events_is_dated_by_its_own_column_and_unknown_without_events(lake):
    rows = [
        _file("1", "2021-09-28", due="2021-10-05", returned="2021-10-05"),  # on the day: on time
        _file("2", "2021-09-28", due="2021-10-05", returned="2021-10-06"),
        _file("3", "2021-10-04", due="2021-10-08", returned="2021-10-07"),
        _file("4", "2021-10-04", due="2021-10-05"),  # overdue and open: not among the returned
    ]
    put(lake, "lab.files", rows, covers=("2021-09-27", "2021-10-17"))
    assert value(lake, "lab.on_time", "W", _A, "2021-10-04") == pytest.approx(200 / 3)
    assert np.isnan(value(lake, "lab.on_time", "W", _A, "2021-10-11"))  # none returned


def test_open_items_are_counted_at_the_end_of_the_period(lake):
    rows = [
        _file("1", "2021-09-28", returned="2021-10-05"),
        _file("2", "2021-09-28", returned="2021-10-11"),  # Monday of the week after
        _file("3", "2021-10-10"),
        _file("4", "2021-10-04", returned="2021-10-04"),  # same day: never open at an end
    ]
    put(lake, "lab.files", rows, covers=("2021-09-27", "2021-10-17"))
    panel = lake.panel(["lab.pending"], "W", [_A, "769"])
    assert panel[("lab.pending", _A)].tolist() == [2, 2, 1]
    assert panel[("lab.pending", "769")].tolist() == [2, 2, 1]
    assert value(lake, "lab.pending", "W", _B, "2021-10-04") == 0


def test_overdue_begins_on_the_day_after_the_due_day(lake):
    rows = [_file("1", "2021-10-04", due="2021-10-06", returned="2021-10-08")]
    put(lake, "lab.files", rows, covers=("2021-10-04", "2021-10-10"))
    assert lake.panel(["lab.overdue"], "D", [_A]).iloc[:, 0].tolist() == [0, 0, 0, 1, 0, 0, 0]


def test_nothing_is_open_or_overdue_on_days_that_no_file_covers(lake):
    rows = [_file("1", "2021-10-04", due="2021-10-08")]
    put(lake, "lab.files", rows, covers=("2021-10-04", "2021-10-06"))
    assert value(lake, "lab.overdue", "W", _A, "2021-10-04", min_coverage=3 / 7) == 0
    assert value(lake, "lab.pending", "W", _A, "2021-10-04", min_coverage=3 / 7) == 1
    assert len(lake.panel(["lab.pending"], "D", [_A])) == 3


_MOMENTS = st.tuples(
    st.integers(0, 30), st.one_of(st.none(), st.integers(0, 12)), st.sampled_from([_A, _B, "769"])
)


@settings(max_examples=_EXAMPLES, deadline=None)
@given(items=st.lists(_MOMENTS, min_size=1, max_size=25))
def test_open_items_equal_a_count_day_by_day(items, tmp_path_factory):
    lake = open_lake(tmp_path_factory.mktemp("open"))
    first = dt.date(2021, 10, 4)
    days = [first + dt.timedelta(days=i) for i in range(40)]
    spans = [(days[a], None if b is None else days[a] + dt.timedelta(days=b)) for a, b, _ in items]
    rows = [
        _file(str(i), str(begin), place, returned=str(end) if end else None)
        for i, ((begin, end), (_, _, place)) in enumerate(zip(spans, items, strict=True))
    ]
    put(lake, "lab.files", rows, covers=(str(days[0]), str(days[-1])))
    panel = lake.panel(["lab.pending"], "D", [_A, "769"])
    for place, wanted in ((_A, {_A}), ("769", {_A, _B, "769"})):
        naive = [
            sum(
                begin <= day and (end is None or end > day)
                for (begin, end), (_, _, where) in zip(spans, items, strict=True)
                if where in wanted
            )
            for day in days
        ]
        assert panel[("lab.pending", place)].tolist() == naive


def test_a_median_is_taken_over_all_rows_and_never_over_medians(lake):
    rows = [_file(str(i), "2021-10-05", hours=h) for i, h in enumerate([1.0, 2.0, 9.0])]
    rows += [_file("b", "2021-10-06", _B, hours=20.0), _file("c", "2021-10-07", _B)]
    put(lake, "lab.files", rows, covers=("2021-10-04", "2021-10-10"))
    assert value(lake, "lab.median_hours", "W", _A, "2021-10-04") == 2.0
    assert value(lake, "lab.median_hours", "W", _B, "2021-10-04") == 20.0
    assert value(lake, "lab.median_hours", "W", "769", "2021-10-04") == 5.5  # of 1, 2, 9, 20


def test_office_hours_count_neither_nights_nor_weekends_nor_holidays(lake):
    rows = [_file("1", "2021-09-01 16:00", returned="2021-09-06 08:30")]  # holidays 2 and 3 Sept.
    put(lake, "lab.files", rows)
    assert value(lake, "lab.office", "D", _A, "2021-09-01") == pytest.approx(2.0)


# -- figures --------------------------------------------------------------------------------------


def test_the_last_day_of_a_period_is_taken_with_all_its_units(lake):
    rows = [_figure("2021-10-04", 5), _figure("2021-10-08", 3), _figure("2021-10-08", 4, unit="y")]
    put(lake, "lab.figures", rows)
    assert value(lake, "lab.last", "W", _A, "2021-10-04") == 7


def test_the_highest_value_of_a_period_is_added_up_over_wards(lake):
    days = [f"2021-10-{d:02}" for d in range(4, 11)]
    rows = [_figure(day, float(i % 2), w) for i, day in enumerate(days) for w in ward_codes()]
    put(lake, "lab.figures", rows)
    assert value(lake, "lab.highest", "W", _A, "2021-10-04") == 1
    assert value(lake, "lab.highest", "W", "769", "2021-10-04") == 34


def test_an_index_is_never_added_up_over_wards(lake):
    put(lake, "lab.figures", [_figure("2021-10-04", 1, w) for w in ward_codes()])
    assert np.isnan(value(lake, "lab.own", "D", "769", "2021-10-04"))
    assert value(lake, "lab.sum", "D", "769", "2021-10-04") == 34
    put(lake, "lab.figures", [_figure("2021-10-05", 7, "769")])
    assert value(lake, "lab.own", "D", "769", "2021-10-05") == 7


def _by_week(values, **columns):
    """Return one figure a week, from the first week of October 2021."""
    return [
        _figure(week, n, **columns) for week, n in zip(_weeks(len(values)), values, strict=True)
    ]


def _weeks(count, first="2021-10-04"):
    return [str(d.date()) for d in pd.date_range(first, periods=count, freq="7D")]


def test_a_week_stands_beside_the_mean_of_the_four_before(lake):
    put(
        lake,
        "lab.figures",
        _by_week([8, 12, 9, 11, 15]),
    )
    assert value(lake, "lab.change", "W", _A, "2021-11-01") == pytest.approx(50.0)
    panel = lake.panel(["lab.change"], "W", [_A])
    assert panel.iloc[:4, 0].isna().all()  # fewer than four weeks before


def test_a_missing_week_among_the_four_leaves_the_comparison_unknown(lake):
    weeks = [w for i, w in enumerate(_weeks(7)) if i != 3]
    put(lake, "lab.figures", [_figure(w, 10) for w in weeks])
    assert lake.panel(["lab.change"], "W", [_A]).isna().all(axis=None)


def test_a_reference_of_zero_gives_no_comparison(lake):
    put(
        lake,
        "lab.figures",
        _by_week([0, 0, 0, 0, 15]),
    )
    assert np.isnan(value(lake, "lab.change", "W", _A, "2021-11-01"))


def test_the_city_compares_sums_and_not_the_changes_of_wards(lake):
    rows = [_figure(w, 10, p) for w in _weeks(4) for p in ward_codes()]
    rows += [_figure(_weeks(5)[4], 44 if p == _A else 10, p) for p in ward_codes()]
    put(lake, "lab.figures", rows)
    assert value(lake, "lab.change", "W", "769", "2021-11-01") == pytest.approx(10.0)


def test_a_ratio_is_compared_with_the_mean_of_past_ratios(lake):
    pairs = {"2021-10-04": (1, 2), "2021-10-05": (3, 4), "2021-10-06": (5, 4)}
    rows = [_figure(day, n, m=m) for day, (n, m) in pairs.items()]
    put(lake, "lab.figures", rows)
    assert value(lake, "lab.ratio_change", "D", _A, "2021-10-06") == pytest.approx(1.25 / 0.625)


@pytest.mark.parametrize(
    ("freq", "before", "now"),
    [("D", "2020-10-04", "2021-10-04"), ("W", "2020-10-05", "2021-10-04")],
)
def test_the_same_period_of_last_year_is_the_reference(lake, freq, before, now):
    length = {"D": 1, "W": 7}[freq]
    days = [*pd.date_range(before, periods=length), *pd.date_range(now, periods=length)]
    rows = [_figure(str(d.date()), 2 if d < pd.Timestamp("2021-06-01") else 3) for d in days]
    put(lake, "lab.figures", rows)
    assert value(lake, "lab.year", freq, _A, now) == pytest.approx(50.0)


def test_a_score_adds_the_points_of_its_parts_between_zero_and_full(lake):
    put(lake, "lab.figures", [_figure("2021-10-04", 7, m=14)])  # 50 %: 10 of 20; 7 of 4–10: 15
    assert value(lake, "lab.score", "D", _A, "2021-10-04") == pytest.approx(25.0)
    put(lake, "lab.figures", [_figure("2021-10-05", 40, m=40), _figure("2021-10-06", 1, m=40)])
    assert value(lake, "lab.score", "D", _A, "2021-10-05") == pytest.approx(50.0)
    assert value(lake, "lab.score", "D", _A, "2021-10-06") == pytest.approx(0.5)


def test_a_score_with_a_missing_part_is_missing(lake):
    put(lake, "lab.figures", [_figure("2021-10-04", 7)])
    assert np.isnan(value(lake, "lab.score", "D", _A, "2021-10-04"))


def test_measure_tells_what_a_comparison_and_a_score_rest_on(lake):
    put(
        lake,
        "lab.figures",
        _by_week([8, 12, 9, 11, 15], m=20),
    )
    long = measure(lake, ["lab.change", "lab.score"], "W", [_A]).set_index(["indicator", "date"])
    change = long.loc[("lab.change", pd.Timestamp("2021-11-01"))]
    assert (change["numerator"], change["denominator"]) == (15, 10)
    score = long.loc[("lab.score", pd.Timestamp("2021-11-01"))]
    assert (score["numerator"], score["denominator"]) == (45, 50)
    assert score["coverage"] == pytest.approx(1 / 7)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"table": "lab.figures", "parts": (Part("lab.sum", 1.0),)}, "either a table or parts"),
        ({"table": "lab.figures", "numerator": ""}, "needs a numerator"),
        ({"table": "lab.figures", "over_time": "open"}, "“open” goes with opened"),
        ({"table": "lab.figures", "over_time": "median", "denominator": "m"}, "median of a ratio"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(options, why):
    with pytest.raises(ContractError, match=why):
        Indicator(
            **{
                "id": "lab.wrong",
                "name_vi": "",
                "name_en": "",
                "unit": "",
                "direction": "neutral",
                "numerator": "n",
                **options,
            }
        )


# -- wards of two times ---------------------------------------------------------------------------


def test_the_new_wards_are_made_of_the_old_ones_and_the_total_is_the_same_number(lake, rng):
    counts = rng.integers(0, 2**40, (14, 34))
    days = [str(d.date()) for d in pd.date_range("2025-06-16", periods=14)]
    rows = [
        _figure(day, float(n), ward)
        for day, line in zip(days, counts.tolist(), strict=True)
        for ward, n in zip(ward_codes(), line, strict=True)
    ]
    put(lake, "lab.figures", rows, as_of="2025-08-01")
    old, new = (lake.panel(["lab.sum"], "D", group) for group in ("ward", "ward2025"))
    assert new.shape == (14, 12)
    assert new.sum(axis=1).tolist() == old.sum(axis=1).tolist() == counts.sum(axis=1).tolist()
    pieces = crosswalk().query("new == '26794-2025'")
    by_hand = sum(old[("lab.sum", part.old)] * part.weight for part in pieces.itertuples())
    assert new[("lab.sum", "26794-2025")].tolist() == by_hand.tolist()


def test_a_series_of_new_wards_runs_through_the_change_and_so_does_the_city(lake):
    rows = [_figure("2025-06-30", 1, w) for w in ward_codes()]
    rows += [_figure("2025-07-01", 2, w) for w in ward_codes_2025()]
    put(lake, "lab.figures", rows, as_of="2025-08-01")
    new = lake.panel(["lab.sum"], "D", "ward2025")
    assert new.sum(axis=1).tolist() == [34, 24]
    assert lake.panel(["lab.sum"], "D", "city").iloc[:, 0].tolist() == [34, 24]
    old = lake.panel(["lab.sum"], "D", "ward")
    assert old.index.tolist() == [pd.Timestamp("2025-06-30")]


def test_a_new_ward_is_unknown_while_one_of_its_parts_is(lake):
    parts = crosswalk().query("new == '26833-2025'")["old"].tolist()
    put(lake, "lab.figures", [_figure("2025-06-30", 1, w) for w in parts[:-1]], as_of="2025-08-01")
    assert np.isnan(value(lake, "lab.sum", "D", "26833-2025", "2025-06-30"))
