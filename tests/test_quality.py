"""Each check finds its planted defect and nothing in sound data; readiness sums them up."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from lab import COUNTS, EVENTS, MONTHS, days, install, write
from scipy.stats import binom, poisson

from ioc_analytics import sectors
from ioc_analytics.contracts import System
from ioc_analytics.errors import ContractError
from ioc_analytics.lake.quality import COLUMNS, check, newest_day
from ioc_analytics.lake.readiness import readiness, readiness_history
from ioc_analytics.places import CITY, ward_codes

_WARDS = ward_codes()
_A, _B = _WARDS[:2]


@pytest.fixture
def lab(lake, monkeypatch):
    install(monkeypatch, COUNTS, MONTHS, EVENTS)
    return lake


def _counts(lake, values, *places, as_of=None, column="n", **options):
    at = days("2021-07-01", len(values))
    rows = [
        {"date": d, "location": place, column: v}
        for place in places or (_A,)
        for d, v in zip(at, values, strict=True)
        if v is not None
    ]
    return write(lake, "lab.counts", rows, as_of or at[-1], **options)


def _event(number, received, **other):
    row = {"event_id": f"{number:05}", "happened": received, "received": received}
    return row | {"location": _A, "words": f"việc {number}"} | other


def _events(lake, rows, as_of, **options):
    return write(lake, "lab.events", rows, as_of, **options)


def _found(lake, name, **options):
    frame = check(lake, **options)
    return frame[frame["check"] == name]


def _one(lake, name, **options):
    [finding] = _found(lake, name, **options).itertuples()
    assert finding.message_vi
    assert finding.message_en
    return finding


# -- sound data -----------------------------------------------------------------------------------


def test_sound_data_have_no_finding(lab, rng):
    n = rng.poisson(30, 60)
    at = days("2021-07-01", 60)
    rows = [
        {"date": d, "location": w, "n": int(x), "total": int(t), "money": float(x) * 1.5}
        for w in (*_WARDS, CITY)
        for d, x, t in zip(at, n * (34 if w == CITY else 1), n.cumsum() * 34, strict=True)
    ]
    rows = [r | {"total": r["total"] if r["location"] == CITY else r["total"] // 34} for r in rows]
    write(lab, "lab.counts", rows, at[-1])
    _events(lab, [_event(i, d) for i, d in enumerate(at)], at[-1])
    months = pd.date_range("2021-01-01", "2021-08-01", freq="MS").strftime("%Y-%m-%d")
    spent = [{"month": m, "location": CITY, "spent": 10.0 * i} for i, m in enumerate(months)]
    write(lab, "lab.months", spent, at[-1])
    found = check(lab)
    assert found.empty, found[["table", "check", "message_en"]].to_string()
    assert [*found] == COLUMNS


def test_an_empty_lake_has_only_systems_without_data(lab):
    assert check(lab)[["system", "check", "message_vi"]].to_numpy().tolist() == [
        ["lab", "no_data", "chưa có dữ liệu"]
    ]
    assert newest_day(lab) is None


# -- gaps -----------------------------------------------------------------------------------------


def test_missing_days_of_a_place(lab):
    _counts(lab, [5, None, None, 6, 5])
    _counts(lab, [5, 5, 5, 5, 5], _B)
    found = _one(lab, "missing_days")
    assert (found.location, found.n, found.date) == (_A, 2, pd.Timestamp("2021-07-02"))
    assert found.message_vi == "2 kỳ không có số liệu, kỳ đầu là 2021-07-02"
    assert (found.system, found.table, found.severity) == ("lab", "lab.counts", "warning")


def test_a_place_that_stops_is_missing_to_the_tables_last_day(lab):
    _counts(lab, [5, 5, 5])
    _counts(lab, [5, 5, 5, 5, 5], _B)
    assert _one(lab, "missing_days").n == 2


def test_months_are_expected_by_month(lab):
    for month in ("2021-01-01", "2021-02-01", "2021-05-01"):
        write(lab, "lab.months", [{"month": month, "location": CITY, "spent": 1.0}], "2021-05-31")
    found = _one(lab, "missing_days")
    assert (found.n, found.date) == (2, pd.Timestamp("2021-03-01"))


def test_days_of_events_that_no_file_covers(lab):
    _events(lab, [_event(1, "2021-07-02")], "2021-07-05", covers=("2021-07-01", "2021-07-04"))
    _events(lab, [_event(2, "2021-07-09")], "2021-07-10", covers=("2021-07-08", "2021-07-09"))
    found = _one(lab, "missing_days")
    assert (found.n, found.date) == (3, pd.Timestamp("2021-07-05"))
    _events(lab, [_event(3, "2021-07-05")], "2021-07-10", covers=("2021-07-03", "2021-07-08"))
    assert _found(lab, "missing_days").empty


def test_wards_without_any_row(lab):
    _counts(lab, [5, 5], *_WARDS[2:])
    found = _one(lab, "missing_wards")
    assert (found.n, found.example) == (2, f"{_A}, {_B}")


@pytest.mark.parametrize(
    ("today", "severity"),
    [
        ("2021-07-06", None),
        ("2021-07-07", "warning"),
        ("2021-07-12", "warning"),
        ("2021-07-13", "error"),
    ],
)
def test_a_feed_is_stale_after_its_due_days(lab, today, severity):
    """The newest day is 3 July, 3 days are allowed, 9 are three times as long."""
    _counts(lab, [5, 5, 5])
    assert (
        _found(lab, "stale_feed", today=today)["severity"].to_list() == [severity][: bool(severity)]
    )


def test_a_month_is_as_old_as_its_last_day(lab):
    write(
        lab, "lab.months", [{"month": "2021-06-01", "location": CITY, "spent": 1.0}], "2021-07-01"
    )
    assert _found(lab, "stale_feed", today="2021-07-20").empty
    assert _one(lab, "stale_feed", today="2021-07-21").n == 21


def test_a_quiet_feed_of_events_is_not_stale_while_files_cover_the_days(lab):
    _events(lab, [_event(1, "2021-07-01")], "2021-07-20", covers=("2021-07-01", "2021-07-19"))
    assert _found(lab, "stale_feed", today="2021-07-26").empty
    assert _one(lab, "stale_feed", today="2021-07-27").date == pd.Timestamp("2021-07-19")


# -- contradictions -------------------------------------------------------------------------------


def test_events_of_one_content_under_two_keys(lab):
    rows = [_event(i, "2021-07-01") for i in range(100)]
    rows.append(_event(100, "2021-07-01", words="việc 7"))
    _events(lab, rows, "2021-07-02")
    found = _one(lab, "duplicates")
    assert (found.n, found.severity, found.example) == (1, "warning", "00007 = 00100")


def test_one_pair_in_thousands_is_a_note(lab):
    rows = [_event(i, "2021-07-01") for i in range(2000)]
    rows.append(_event(2000, "2021-07-01", words="việc 7"))
    _events(lab, rows, "2021-07-02")
    assert _one(lab, "duplicates").severity == "note"


@pytest.mark.parametrize("words", [None, "trộm"], ids=["no content", "the same few words"])
def test_content_that_does_not_tell_events_apart_shows_no_duplicates(lab, words):
    _events(lab, [_event(i, "2021-07-01", words=words) for i in range(50)], "2021-07-02")
    assert _found(lab, "duplicates").empty


def test_a_running_total_that_falls(lab):
    _counts(lab, [5, 9, 8, 12, 11], column="total")
    found = _one(lab, "falling_cumulative")
    assert (found.location, found.n, found.example) == (_A, 2, "9 → 8")
    assert found.date == pd.Timestamp("2021-07-03")
    assert found.message_en == "total: the running total falls 2 times, first on 2021-07-03"


def test_totals_of_different_places_are_not_compared(lab):
    _counts(lab, [50, 51, 52], column="total")
    _counts(lab, [1, 1, 2], _B, column="total")
    assert _found(lab, "falling_cumulative").empty


def test_a_plan_years_total_begins_anew_in_january_only(lab):
    months = ["2021-11-01", "2021-12-01", "2022-01-01", "2022-02-01"]
    rows = [
        {"month": m, "location": CITY, "spent": v}
        for m, v in zip(months, [90.0, 100.0, 5.0, 4.0], strict=True)
    ]
    write(lab, "lab.months", rows, "2022-02-28")
    assert _one(lab, "falling_cumulative").date == pd.Timestamp("2022-02-01")


def test_wards_that_do_not_add_up_to_the_city(lab):
    _counts(lab, [1, 2], *_WARDS)
    _counts(lab, [34, 70], CITY)
    found = _one(lab, "wards_not_city")
    assert (found.n, found.location, found.example) == (1, CITY, "68 ≠ 70")
    assert found.date == pd.Timestamp("2021-07-02")


def test_a_missing_ward_is_no_wrong_sum(lab):
    _counts(lab, [1, 2], *_WARDS[1:])
    _counts(lab, [34, 70], CITY)
    assert _found(lab, "wards_not_city").empty


def test_an_event_before_the_one_it_follows(lab):
    rows = [
        _event(1, "2021-07-05", returned="2021-07-04"),
        _event(2, "2021-07-05", happened="2021-07-06"),
    ]
    rows.append(_event(3, "2021-07-05", returned="2021-07-05"))
    _events(lab, rows, "2021-07-06")
    found = _found(lab, "event_after_report")
    assert found["message_en"].to_list() == [
        "1 rows: received before happened",
        "1 rows: returned before received",
    ]
    assert found["example"].to_list() == ["00002", "00001"]


def test_an_event_dated_after_it_became_known(lab):
    _events(lab, [_event(1, "2021-07-09"), _event(2, "2021-07-08")], "2021-07-08")
    assert _one(lab, "event_after_report").example == "00001"


def test_a_broken_identity_and_unknown_is_none(lab):
    rows = [
        {"date": "2021-07-01", "location": _A, "n": 5, "total": 4},
        {"date": "2021-07-02", "location": _A, "n": 5, "total": 5},
        {"date": "2021-07-03", "location": _A, "n": 5, "total": None},
    ]
    write(lab, "lab.counts", rows, "2021-07-03")
    found = _one(lab, "identity")
    assert found.n == 1
    assert found.message_vi == "1 dòng trái với: cộng dồn không nhỏ hơn số trong ngày"
    assert found.example == f"2021-07-01 · {_A}"


def test_a_threshold_of_the_city_that_no_indicator_can_use(lake):
    row = {"indicator": "procedures.nothing", "method": "cut", "green": 1.0, "amber": 0.0}
    row |= {"basis": "proposed", "valid_from": "2021-01-01"}
    write(lake, "settings.thresholds", [row], "2021-07-01")
    assert "no such indicator" in _one(lake, "threshold").message_en


# -- suspicions -----------------------------------------------------------------------------------


def _weekly(lake, old_counts, fresh=30, step=7):
    """Put in a file every 7 days: fresh events, and so many that are 20 days old."""
    number = 0
    for i, old in enumerate(old_counts):
        day = dt.date(2021, 3, 1) + dt.timedelta(days=i * step)
        own = [day - dt.timedelta(days=1)] * fresh + [day - dt.timedelta(days=20)] * int(old)
        rows = [_event(number + i, d.isoformat()) for i, d in enumerate(own)]
        number += len(rows)
        _events(lake, rows, day)


def test_many_old_rows_on_one_day_are_a_bulk_registration(lab):
    _weekly(lab, [2, 2, 3, 1, 2, 2, 60, 2, 1, 3])
    found = _one(lab, "bulk_registration")
    assert (found.n, found.date) == (60, pd.Timestamp("2021-04-12"))
    assert found.message_en == "60 rows older than 14 days came in on 2021-04-12; usual are 2"


def test_old_events_reported_on_one_day_inside_a_file_are_one_too(lab):
    rows, number = [], 0
    for i, day in enumerate(days("2021-07-01", 40)):
        for lag in [1] * 5 + [30] * (80 if i == 20 else 1):
            happened = dt.date.fromisoformat(day) - dt.timedelta(days=lag)
            rows.append(_event(number, day, happened=happened.isoformat()))
            number += 1
    _events(lab, rows, "2021-08-10")
    found = _one(lab, "bulk_registration")
    assert (found.n, found.date) == (80, pd.Timestamp("2021-07-21"))


def test_the_first_filling_of_a_table_is_not_one(lab):
    _weekly(lab, [500, 2, 2, 3, 1, 2, 2, 1], step=3)
    assert _found(lab, "bulk_registration").empty


def test_a_feed_that_is_always_late_has_none(lab):
    _weekly(lab, [50, 60, 55, 70, 40, 65, 80, 45])
    assert _found(lab, "bulk_registration").empty


@pytest.mark.parametrize("mean", [1.0, 3.0, 6.0, 10.0, 25.0, 80.0])
def test_false_alarms_of_the_bulk_rule_are_rarer_than_promised(mean):
    """The chance by the laws of the median of 8 Poisson neighbours and of the count itself."""
    x = np.arange(int(mean * 12) + 60)
    # the lower of the two middle values of 8 is <= x when at least 4 of the 8 are
    lower = binom.sf(3, 8, poisson.cdf(x, mean))
    chance = np.diff(lower, prepend=0.0)
    limit = np.maximum(np.maximum(20, 4 * x), np.floor(x + 6 * np.sqrt(np.maximum(x, 1))) + 1)
    rate = float(chance @ poisson.sf(limit - 1, mean))
    assert rate < 1e-5


def test_poisson_counts_ring_no_bulk_alarm(lab, rng):
    """25 weeks at a chance below 1e-5 each: an alarm would be a one in 4000 event."""
    _weekly(lab, rng.poisson(8, 25), fresh=5)
    assert _found(lab, "bulk_registration").empty


@pytest.mark.parametrize(
    ("factor", "words"), [(10, "10"), (100, "100"), (1000, "1000"), (1e6, "1e+06")]
)
def test_a_level_that_jumps_by_a_unit(lab, factor, words):
    before = [120.0, 110.0, 130.0, 125.0, 118.0, 122.0]
    _counts(lab, before + [v * factor for v in before], column="money")
    found = _one(lab, "unit_jump")
    assert (found.location, found.date) == (_A, pd.Timestamp("2021-07-07"))
    assert found.message_en.startswith(f"money: the level changes about {words} times")


def test_a_jump_down_and_a_jump_in_the_last_row_are_found(lab):
    level = [120.0, 110.0, 130.0, 125.0, 118.0]
    _counts(lab, [*(v * 1000 for v in level), *level], column="money")
    _counts(lab, [*level, 120_000.0], _B, column="money")
    assert _found(lab, "unit_jump")["example"].to_list() == ["118000 → 120", "118 → 120000"]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([100, 105, 98, 102, 99, 1000, 101, 97, 103, 100], id="one outlier"),
        pytest.param([int(10 * 1.5**i) for i in range(16)], id="an epidemic's growth"),
        pytest.param([100, 105, 98, 102, 99, 0, 0, 0, 0, 0], id="zeros"),
        pytest.param([100, 105, 98, 102, 99, 400, 410, 395, 405, 400], id="four times"),
        pytest.param([100, 105, 98, 102, 99, 1400, 1410, 1395, 1405], id="fourteen times"),
        pytest.param([100, 105, 98, 102, 99, 1000, 1010], id="ten times, only just now"),
        pytest.param([1, 1, 1, 1, 1, 10, 10, 10, 10], id="small counts"),
    ],
)
def test_what_is_no_jump_of_a_unit(lab, values):
    _counts(lab, values)
    assert _found(lab, "unit_jump").empty


# -- files ----------------------------------------------------------------------------------------


def _refuse(lake, file, reasons):
    ingest = lake.history("lab.counts").set_index("file")["ingest_id"][file]
    frame = pd.DataFrame(
        {
            "ingest_id": ingest,
            "table": "lab.counts",
            "file": file,
            "line": np.arange(2, 2 + len(reasons)),
            "column": "n",
            "value": "x",
            "reason": reasons,
            "as_of": dt.date(2021, 7, 5),
        }
    )
    lake.write_rejects(ingest, pa.Table.from_pandas(frame, preserve_index=False))


def test_refused_rows_are_counted_by_reason(lab):
    file = _counts(lab, [5] * 5, rejected=3)
    _refuse(lab, file, ["repeats line 2 (date)", "repeats line 4 (date)", "is not a number"])
    found = _found(lab, "rejects").set_index("severity")
    assert found.loc["note", "n"] == 2
    said = "1 dòng bị từ chối: không đọc được số (cột “Số ca”)"
    assert found.loc["warning", "message_vi"] == said
    assert found.loc["warning", "message_en"] == "1 rows were refused: n is not a number"
    assert found.loc["warning", "example"] == f"{file}, 4: n “x”"


@pytest.mark.parametrize(
    ("rejected", "severity"), [(0, []), (1, ["warning"]), (5, ["warning"]), (6, ["error"])]
)
def test_the_share_of_refused_rows(lab, rejected, severity):
    """Of 99 stored rows one more refused is 1 %, 6 are 5.7 %."""
    _counts(lab, [5] * 99, rejected=rejected)
    assert _found(lab, "rejects_share")["severity"].to_list() == severity


def test_a_file_that_came_after_one_of_a_later_day(lab):
    _counts(lab, [5, 5, 5], as_of="2021-07-05")
    late = _counts(lab, [4], as_of="2021-07-02")
    found = _one(lab, "late_file")
    assert (found.n, found.example, found.severity) == (1, late, "note")


def test_marks_of_the_door_are_told_and_unclear_addresses_are_warnings(lab):
    _counts(lab, [5, 5], flags="negative n; ambiguous address: 26794, 26797")
    found = check(lab).set_index("check")
    assert found.loc["ambiguous_address", ["severity", "n"]].to_list() == ["warning", 2]
    assert found.loc["flags", "message_en"] == "2 rows are marked: negative n"


# -- what is looked at ----------------------------------------------------------------------------


def test_findings_are_those_of_the_day(lab):
    _counts(lab, [5, 9, 8], as_of="2021-07-03", column="total")
    _counts(lab, [5, 9, 10], as_of="2021-07-04", column="total")
    _counts(lab, [5, 4], as_of="2021-07-05", column="total")
    expected = {"2021-07-03": 1, "2021-07-04": 0, "2021-07-05": 1}
    for day, n in expected.items():
        assert len(_found(lab, "falling_cumulative", as_of=day)) == n
    assert _found(lab, "falling_cumulative", as_of="2021-07-02").empty
    assert _one(lab, "no_data", as_of="2021-07-02").system == "lab"


def test_withdrawn_rows_are_looked_at_no_more(lab):
    _counts(lab, [5, 9, 8, 9], column="total")
    rows = [
        {"date": d, "location": _A, "total": t} for d, t in (("2021-07-01", 5), ("2021-07-04", 9))
    ]
    write(lab, "lab.counts", rows, "2021-07-05", snapshot=True)
    assert _found(lab, "falling_cumulative").empty
    assert _one(lab, "missing_days").n == 2


def test_only_the_tables_asked_for(lab):
    _counts(lab, [5, None, 5])
    _events(lab, [_event(1, "2021-07-01")], "2021-07-30")
    assert set(check(lab, ["lab.events"])["table"]) == {"lab.events"}
    with pytest.raises(ContractError, match="did you mean"):
        check(lab, ["lab.event"])


def test_errors_come_first(lab):
    _counts(lab, [5, None, 4], column="total")
    assert check(lab)["severity"].to_list() == ["error", "warning", "warning"]


def test_simulated_files_do_not_count_beside_real_ones(lab):
    _counts(lab, [5, 9, 8], column="total", simulated=True, rejected=3)
    _counts(lab, [5, 6], column="total")
    found = check(lab)
    assert not found["check"].isin(["falling_cumulative", "rejects_share"]).any()


# -- readiness ------------------------------------------------------------------------------------


@pytest.fixture
def counts_only(lake, monkeypatch):
    install(monkeypatch, COUNTS)
    return lake


def _scores(frame):
    names = ["completeness", "timeliness", "consistency", "uniqueness", "overall"]
    return frame.loc[0, names].to_list()


def test_sound_and_fresh_data_are_fully_ready(counts_only):
    _counts(counts_only, [5] * 10, *_WARDS)
    assert _scores(readiness(counts_only)) == [100.0] * 5


def test_each_score_by_hand_and_the_lowest_overall(counts_only):
    """One place, 10 days: 2 missing of 10; 3 days late of the 6 that lead to 0; 1 of 8 broken."""
    _counts(counts_only, [1, 2, 3, None, None, 6, 7, 8, 9, 8], CITY, column="total")
    frame = readiness(counts_only, as_of="2021-07-16")
    assert _scores(frame) == pytest.approx([80.0, 50.0, 87.5, 100.0, 50.0])
    assert frame.loc[0, ["rows", "tables", "tables_held"]].to_list() == [8, 1, 1]


def test_refused_rows_lower_consistency_and_repeats_uniqueness(counts_only):
    file = _counts(counts_only, [5] * 8, CITY, rejected=4)
    _refuse(counts_only, file, ["repeats line 2 (date)"] * 2 + ["is not a number"] * 2)
    [_, _, consistency, uniqueness, _] = _scores(readiness(counts_only))
    assert (consistency, uniqueness) == (80.0, 80.0)


def test_wards_without_rows_are_incomplete(counts_only):
    _counts(counts_only, [5] * 4, *_WARDS[:17])
    assert readiness(counts_only).loc[0, "completeness"] == 50.0


def test_events_are_complete_as_far_as_files_cover_the_days(lake, monkeypatch):
    install(monkeypatch, EVENTS)
    _events(lake, [_event(1, "2021-07-02")], "2021-07-05", covers=("2021-07-01", "2021-07-04"))
    _events(lake, [_event(2, "2021-07-08")], "2021-07-08", covers=("2021-07-07", "2021-07-08"))
    assert _scores(readiness(lake)) == [75.0, 100.0, 100.0, 100.0, 75.0]


def test_a_declared_table_without_data_is_not_complete(lab):
    _counts(lab, [5] * 10, *_WARDS)
    frame = readiness(lab)
    assert frame.loc[0, "completeness"] == pytest.approx(100 / 3)
    assert frame.loc[0, "note_vi"] == "2 bảng chưa có dữ liệu"


def test_a_system_without_data_has_no_scores(counts_only, monkeypatch):
    both = {
        "lab": System("lab", "Thử nghiệm", "Laboratory"),
        "void": System("void", "Trống", "Void"),
    }
    monkeypatch.setattr(sectors, "systems", lambda: both)
    _counts(counts_only, [5], CITY)
    frame = readiness(counts_only).set_index("system")
    assert frame.loc["void", "note_vi"] == "chưa có dữ liệu"
    assert frame.loc["void", ["completeness", "overall"]].isna().all()
    assert frame.loc["lab", "note_vi"] == ""


def test_a_list_of_wards_taken_in_later_makes_no_feed_stale(lake):
    write(lake, "epidemic.cases_daily", [{"date": "2021-07-01", "location": CITY}], "2021-07-02")
    write(
        lake, "geography.wards", [{"ward_code": w, "population": 1} for w in _WARDS], "2026-01-01"
    )
    assert _found(lake, "stale_feed").empty
    frame = readiness(lake).set_index("system")
    assert frame.loc["epidemic", "timeliness"] == 100.0
    assert frame.loc["geography", "tables_held"] == 1
    assert (frame["as_of"] == pd.Timestamp("2021-07-02")).all()
    assert _one(lake, "stale_feed", today="2026-01-01").table == "epidemic.cases_daily"


def test_history_is_what_each_day_would_have_said(counts_only):
    _counts(counts_only, [5, None, 5, 5], CITY, as_of="2021-07-04")
    _counts(counts_only, [None, 5], CITY, as_of="2021-07-06")
    at = days("2021-07-03", 6)
    history = readiness_history(counts_only, at)
    assert history["as_of"].dt.strftime("%Y-%m-%d").to_list() == at
    assert history["completeness"].fillna(-1).to_list() == [-1, 75, 75, 100, 100, 100]
    assert history["timeliness"].fillna(-1).round(1).to_list() == [-1, 100, 100, 100, 100, 83.3]
    for i, day in enumerate(at):
        pd.testing.assert_frame_equal(
            readiness(counts_only, day), history[i : i + 1].reset_index(drop=True)
        )


# -- every table of the city ----------------------------------------------------------------------

_CELLS = {
    **dict.fromkeys(("date", "week", "month"), dt.date(2021, 3, 1)),
    "datetime": dt.datetime(2021, 3, 1, 9),
    "place": _A,
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "geometry": b"",
}


@pytest.mark.parametrize("name", sorted(sectors.tables()))
def test_every_check_can_be_asked_of_every_table(lake, name):
    """Two rows of plain values and one of the key alone; laws may break, no question may."""
    table = sectors.table(name)
    cells = {c.name: _CELLS.get(c.kind, next(iter(c.allowed), "x")) for c in table.stored}
    other = {
        c.name: "y" if c.kind == "text" else _B if c.kind == "place" else cells[c.name]
        for c in table.stored
    }
    rows = [cells, other]
    if table.date and table.date in table.key:
        earlier = {table.date: cells[table.date] - dt.timedelta(days=28)}
        rows.append({k: cells[k] for k in table.key} | earlier)
    write(lake, name, rows, "2021-03-31")
    found = check(lake, [name], today="2030-01-01")
    assert ("stale_feed" in found["check"].to_list()) == bool(table.due_days and table.date)
    scores = readiness(lake).set_index("system")
    assert scores["rows"].get(table.system, len(rows)) == len(rows)
