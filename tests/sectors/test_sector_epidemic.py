"""The COVID-19 application's indicators, each on a few rows counted by hand, and its file door."""

from __future__ import annotations

import csv
import datetime as dt
import math
from pathlib import Path
from typing import Any

import pytest
from kit import put, value

from ioc_analytics import sectors
from ioc_analytics.lake import Lake
from ioc_analytics.places import REFERENCE
from ioc_analytics.sectors import epidemic

WARD, POPULATION = "26800", 66_059  # Linh Trung, data/reference/wards.csv
MONDAY = "2021-10-04"
WEEK = ("2021-10-04", "2021-10-10")


def by_day(name: str, amounts: list[int], begin: str = MONDAY) -> list[dict[str, Any]]:
    """A row of `epidemic.cases_daily` a day."""
    days = (dt.date.fromisoformat(begin) + dt.timedelta(days=i) for i in range(len(amounts)))
    return [{"date": day, "location": WARD, name: n} for day, n in zip(days, amounts, strict=True)]


def case(number: int, **more: Any) -> dict[str, Any]:
    return {"case_id": f"BN{number}", "ward_code": WARD, "report_date": "2021-10-05", **more}


def week_of(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """The same rows on each day of the week."""
    days = (dt.date(2021, 10, 4) + dt.timedelta(days=i) for i in range(7))
    return [{"date": day, "location": WARD, **row} for day in days for row in rows]


def measured(lake: Lake, name: str, **options: Any) -> float:
    return value(lake, f"epidemic.{name}", "W", WARD, MONDAY, **options)


# -- declarations ---------------------------------------------------------------------------------


def test_the_line_list_has_the_columns_that_analyses_rely_on():
    kept = " ".join(c.name for c in sectors.table("epidemic.cases").stored)
    assert kept == (
        "case_id sex birth_year occupation ward_code address_block exposure source_case_id "
        "onset_date symptomatic sample_date test_type ct_value confirmed_date report_date "
        "detected_in treated_at tier severity oxygen ventilated outcome outcome_date "
        "vaccine_doses cluster_id"
    )


def test_contacts_have_the_columns_that_analyses_rely_on():
    kept = " ".join(c.name for c in sectors.table("epidemic.contacts").stored)
    assert kept == (
        "source_id contact_id directed first_contact last_contact setting place_id certainty"
    )


@pytest.mark.parametrize(
    ("table", "column", "fate"),
    [
        ("cases", "case_id", "pseudonym"),
        ("cases", "source_case_id", "pseudonym"),
        ("cases", "name", "drop"),
        ("cases", "address", "drop"),
        ("cases", "workplace", "drop"),
        ("cases", "address_block", "redact"),
        ("contacts", "source_id", "pseudonym"),
        ("contacts", "contact_id", "pseudonym"),
        ("infection_places", "address", "redact"),
    ],
)
def test_what_tells_of_a_person_is_hidden_at_the_door(table: str, column: str, fate: str):
    assert sectors.table(f"epidemic.{table}").column(column).personal == fate


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("ma_bn", "case_id"),
        ("Họ tên viết tắt", "name"),
        ("GIOI_TINH", "sex"),
        ("nam_sinh", "birth_year"),
        ("noi_o_hien_nay", "address"),
        ("nguon_lay", "source_case_id"),
        ("ngay_khoi_phat", "onset_date"),
        ("Ngày dương tính", "confirmed_date"),
        ("ngay_cong_bo", "report_date"),
        ("noi_phat_hien", "detected_in"),
        ("tang", "tier"),
        ("muc_do", "severity"),
        ("so_mui", "vaccine_doses"),
        ("chuoi_id", "cluster_id"),
    ],
)
def test_headers_of_the_line_list_are_understood(header: str, column: str):
    found = sectors.table("epidemic.cases").match_header(header)
    assert found is not None
    assert found.name == column


def test_every_indicator_names_what_its_formula_follows_or_is_a_volume():
    silent = {i.id for i in epidemic.INDICATORS if not (i.reference or i.count)}
    assert not silent


def test_thresholds_are_for_known_indicators_and_say_their_source():
    path = REFERENCE / "thresholds" / "epidemic.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {r["indicator"] for r in rows} <= {i.id for i in epidemic.INDICATORS}
    assert all(r["source"] and dt.date.fromisoformat(r["valid_from"]) for r in rows)
    assert {r["basis"] for r in rows} == {"official", "proposed"}
    official = {r["indicator"]: float(r["green"]) for r in rows if r["basis"] == "official"}
    assert official["epidemic.dose1_coverage"] == 70
    assert official["epidemic.full_coverage_65"] == 80
    assert official["epidemic.death_rate"] == 6


# -- cases and deaths -----------------------------------------------------------------------------


def test_new_cases_are_added_up(lake: Lake):
    put(lake, "epidemic.cases_daily", by_day("new_cases", [1, 2, 3, 4, 5, 6, 7]))
    assert measured(lake, "new_cases") == 28


def test_case_rate_is_per_100_000_residents_and_week(lake: Lake):
    lake.ingest(REFERENCE / "wards.csv", "geography.wards")
    put(lake, "epidemic.cases_daily", by_day("new_cases", [1, 2, 3, 4, 5, 6, 7]))
    assert measured(lake, "case_rate") == pytest.approx(28 / POPULATION * 1e5)  # 42.39


def test_case_change_is_against_the_mean_of_the_two_weeks_before(lake: Lake):
    weeks = [10] * 7 + [30] * 7 + [15] * 7  # 70, 210; 105 against 140
    put(lake, "epidemic.cases_daily", by_day("new_cases", weeks, "2021-09-20"))
    assert measured(lake, "case_change") == pytest.approx(-25.0)


def test_case_change_is_missing_where_one_of_the_weeks_is(lake: Lake):
    put(lake, "epidemic.cases_daily", by_day("new_cases", [30] * 7 + [15] * 7, "2021-09-27"))
    assert math.isnan(measured(lake, "case_change"))


def test_death_rate_one_death_in_a_small_ward_exceeds_six(lake: Lake):
    lake.ingest(REFERENCE / "wards.csv", "geography.wards")
    rows = [{**row, "location": "26863"} for row in by_day("new_deaths", [0, 0, 1, 0, 0, 0, 0])]
    put(lake, "epidemic.cases_daily", rows)
    rate = value(lake, "epidemic.death_rate", "W", "26863", MONDAY)
    assert rate == pytest.approx(1 / 15_194 * 1e5)
    assert rate > 6  # DOMAIN.md A.3: below 16,667 residents


def test_new_deaths_and_deaths_per_case(lake: Lake):
    rows = [{**r, "new_deaths": 1} for r in by_day("new_cases", [20, 20, 20, 20, 20, 20, 55])]
    put(lake, "epidemic.cases_daily", rows)
    assert measured(lake, "new_deaths") == 7
    assert measured(lake, "deaths_per_case") == pytest.approx(100 * 7 / 175)  # 4 %


# -- the line list --------------------------------------------------------------------------------

FOUND = ["community", "community", "quarantine", "lockdown", "hospital", None]


def found_cases() -> list[dict[str, Any]]:
    return [case(i, detected_in=where) for i, where in enumerate(FOUND)]


@pytest.mark.parametrize(
    ("name", "per_cent"), [("community_share", 40.0), ("quarantined_share", 40.0)]
)
def test_share_by_place_of_detection_leaves_out_the_unknown(lake: Lake, name: str, per_cent: float):
    put(lake, "epidemic.cases", found_cases(), covers=WEEK)  # 2 of the 5 known
    assert measured(lake, name) == pytest.approx(per_cent)


def test_community_case_rate(lake: Lake):
    lake.ingest(REFERENCE / "wards.csv", "geography.wards")
    put(lake, "epidemic.cases", found_cases(), covers=WEEK)
    assert measured(lake, "community_case_rate") == pytest.approx(2 / POPULATION * 1e5)


def test_unknown_source_share_does_not_count_those_brought_in(lake: Lake):
    rows = [
        case(1),
        case(2, exposure="workplace"),
        case(3, source_case_id="BN1", exposure="household"),
        case(4, exposure="imported"),
    ]
    put(lake, "epidemic.cases", rows, covers=WEEK)
    assert measured(lake, "unknown_source_share") == pytest.approx(50.0)


def test_median_delays_leave_out_cases_without_the_first_day(lake: Lake):
    rows = [
        case(1, onset_date="2021-10-03", sample_date="2021-10-04"),  # 2 and 1 days
        case(2, onset_date="2021-10-01", sample_date="2021-10-03"),  # 4 and 2
        case(3, onset_date="2021-09-15", sample_date="2021-09-25"),  # 20 and 10
        case(4, sample_date="2021-10-02"),  # none and 3
    ]
    put(lake, "epidemic.cases", rows, covers=WEEK)
    assert measured(lake, "onset_to_report") == 4
    assert measured(lake, "sample_to_report") == 2.5


# -- tests, care, vaccines ------------------------------------------------------------------------


def week_of_tests() -> list[dict[str, Any]]:
    pcr = {"zone": "green", "test_type": "pcr", "samples": 100, "people": 400, "positives": 4}
    antigen = {"zone": "red", "test_type": "antigen", "samples": 100, "people": 100}
    return week_of(pcr, {**antigen, "positives": 6})


@pytest.mark.parametrize(
    ("name", "per_cent"),
    [("test_positivity", 2.0), ("pcr_positivity", 1.0), ("pcr_share", 50.0)],
)
def test_share_of_tests(lake: Lake, name: str, per_cent: float):
    put(lake, "epidemic.tests_daily", week_of_tests())  # 10 of 500, 4 of 400, 100 of 200
    assert measured(lake, name) == pytest.approx(per_cent)


@pytest.mark.parametrize(
    ("name", "per_cent"),
    [
        ("dose1_coverage", 99.9),
        ("full_coverage", 97.4),
        ("full_coverage_50", 85.0),
        ("full_coverage_65", 79.5),
    ],
)
def test_coverage_is_that_of_the_last_day(lake: Lake, name: str, per_cent: float):
    rows = week_of({"people_18": 1000, "dose1_18": 10, "full_18": 5})
    rows[-1] |= {"dose1_18": 999, "full_18": 974}
    for row in rows:
        row |= {"people_50": 400, "full_50": 340, "people_65": 200, "full_65": 159}
    put(lake, "epidemic.vaccination_daily", rows)
    assert measured(lake, name) == pytest.approx(per_cent)


def treated() -> list[dict[str, Any]]:
    """The city's example of DOMAIN.md B.6: 207 of 1,278 patients of tiers 2 and 3."""
    tiers = [(1, 500, 2000, 0, 0), (2, 1071, 1500, 107, 0), (3, 207, 230, 207, 100)]
    return week_of(
        *(
            {
                "facility_id": "CS1",
                "tier_scheme": 3,
                "tier": tier,
                "inpatients": inpatients,
                "beds": beds,
                "oxygen": oxygen,
                "ventilated": ventilated,
            }
            for tier, inpatients, beds, oxygen, ventilated in tiers
        ),
    )


@pytest.mark.parametrize(
    ("name", "per_cent"),
    [
        ("top_tier_share", 100 * 207 / 1278),
        ("icu_occupancy", 90.0),
        ("oxygen_share", 100 * 314 / 1778),
        ("ventilated_share", 100 * 100 / 1778),
    ],
)
def test_share_of_patients(lake: Lake, name: str, per_cent: float):
    put(lake, "epidemic.treatment_daily", treated())
    assert measured(lake, name) == pytest.approx(per_cent)


def test_the_top_tier_is_the_last_one_of_the_scheme_in_force(lake: Lake):
    rows = [row | {"tier_scheme": 5} for row in treated()]
    put(lake, "epidemic.treatment_daily", rows)
    assert measured(lake, "top_tier_share") == 0


# -- lockdown, isolation, quarantine --------------------------------------------------------------


def points() -> list[dict[str, Any]]:
    spans = [
        ("2021-09-20T06:00:00", None, 100),
        ("2021-10-05T08:00:00", None, 40),
        ("2021-09-25T08:00:00", "2021-10-06T18:00:00", 30),
        ("2021-10-11T08:00:00", None, 7),
    ]
    return [
        {
            "point_id": f"PT{i}",
            "location": WARD,
            "start_time": start,
            "end_time": end,
            "persons": persons,
        }
        for i, (start, end, persons) in enumerate(spans)
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("active_lockdowns", 2), ("people_locked_down", 140), ("lockdown_days", 11)],
)
def test_lockdown_points_open_at_the_end_of_the_week(lake: Lake, name: str, expected: float):
    put(lake, "epidemic.lockdown_points", points(), covers=("2021-09-20", "2021-10-11"))
    assert measured(lake, name) == expected


def test_contacts_in_isolation(lake: Lake):
    rows = week_of({"f0_home": 5, "f1_home": 10, "f1_central": 30})
    rows[-1] |= {"f1_home": 90, "f1_central": 30}
    put(lake, "epidemic.isolation_daily", rows)
    assert measured(lake, "f1_isolated") == 120  # of the last day
    assert measured(lake, "f1_central_share") == pytest.approx(100 * 210 / 360)


def test_quarantine_occupancy_is_person_days_over_places(lake: Lake):
    one = {"site_id": "CL1", "capacity": 100, "occupied": 90}
    other = {"site_id": "CL2", "capacity": 300, "occupied": 110}
    put(lake, "epidemic.quarantine_sites", week_of(one, other))
    assert measured(lake, "quarantine_occupancy") == pytest.approx(50.0)


# -- files as the city writes them ----------------------------------------------------------------


def test_a_messy_line_list_is_taken_in(lake: Lake, tmp_path: Path):
    file = tmp_path / "danh sach.csv"
    file.write_text(
        "ma_bn;ho_ten_viet_tat;gioi_tinh;nam_sinh;Phường;yeu_to_dich_te;nguon_lay;"
        "ngay_khoi_phat;trieu_chung;loai_xet_nghiem;ct_value;ngay_duong_tinh;ngay_cong_bo;"
        "noi_phat_hien;tang;muc_do;ket_cuc;so_mui\n"
        "BN7;Người dân 000007;Nữ;1980;P. Linh Trung;cùng nhà;BN3;01/10/2021;Có;RT-PCR;"
        "21,5;04/10/2021;05/10/2021;Khu cách ly;1;Nhẹ;Đang điều trị;2\n"
        "BN8;Người dân 000008;nam;1995;Linh Xuân;;;;Không;test nhanh;;05/10/2021;"
        "05/10/2021;Cộng đồng;1;khong_tc;dang_dt;\n",
        encoding="utf-8-sig",
    )
    report = lake.ingest(file, "epidemic.cases", as_of="2021-10-06")
    assert (report.read, report.stored, report.rejected) == (2, 2, 0)
    rows = lake.read("epidemic.cases").sort_values("birth_year")
    assert "name" not in rows
    assert rows["ward_code"].tolist() == ["26800", "26794"]
    assert rows["sex"].tolist() == ["female", "male"]
    assert rows["detected_in"].tolist() == ["quarantine", "community"]
    assert rows["severity"].tolist() == ["mild", "asymptomatic"]
    assert rows["symptomatic"].tolist() == [True, False]
    assert rows["test_type"].tolist() == ["pcr", "antigen"]
    assert rows["ct_value"].iloc[0] == 21.5
    assert rows["vaccine_doses"].isna().tolist() == [False, True]
    assert not rows["case_id"].isin(["BN7", "BN8"]).any()


def test_an_unknown_place_of_detection_is_rejected_and_told(lake: Lake, tmp_path: Path):
    file = tmp_path / "ca.csv"
    file.write_text(
        "ma_bn,phường,ngay_cong_bo,noi_phat_hien\nBN1,Linh Trung,05/10/2021,trên mây\n",
        encoding="utf-8",
    )
    report = lake.ingest(file, "epidemic.cases", as_of="2021-10-06")
    assert (report.stored, report.rejected) == (0, 1)
