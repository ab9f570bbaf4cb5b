"""Health: each indicator on rows whose value is worked out by hand; the table's own spellings."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from kit import put, value

from ioc_analytics import sectors
from ioc_analytics.lake import Lake
from ioc_analytics.places import CITY, REFERENCE, ward_codes

ONE, OTHER = "26794", "26857"  # Linh Xuân, Long Phước
WEEK = "2022-10-17"  # week 42
HCMC = "79"


def week(cases: int | None, monday: str = WEEK, location: str = HCMC, **more: object) -> dict:
    return {"week_start": monday, "location": location, "disease": "dengue", "cases": cases, **more}


def before(monday: str, weeks: int) -> str:
    return str(dt.date.fromisoformat(monday) - dt.timedelta(weeks=weeks))


def all_wards(**cells: object) -> list[dict]:
    return [{"location": code, **cells} for code in ward_codes()]


# -- diseases by week -----------------------------------------------------------------------------


def test_dengue_against_the_mean_of_the_four_weeks_before_as_published(lake: Lake):
    # week 42 of 2022 in the province: 1,999 cases, 23.4 % below the mean; (2,700 + 2,650 + 2,600 +
    # 2,489) / 4 = 2,609.75 and 1,999 / 2,609.75 = 0.76597
    counts = [1_999, 2_700, 2_650, 2_600, 2_489]
    put(lake, "health.notifiable_weekly", [week(n, before(WEEK, k)) for k, n in enumerate(counts)])
    assert value(lake, "health.dengue_cases", "W", HCMC, WEEK) == 1_999
    change = value(lake, "health.dengue_vs_4_weeks", "W", HCMC, WEEK)
    assert change == pytest.approx(-23.4, abs=0.01)


@pytest.mark.parametrize("absent", [1, 4])
def test_change_is_missing_where_one_of_the_four_weeks_is(lake: Lake, absent: int):
    rows = [week(100, before(WEEK, k)) for k in range(5) if k != absent]
    put(lake, "health.notifiable_weekly", rows)
    assert np.isnan(value(lake, "health.dengue_vs_4_weeks", "W", HCMC, WEEK))


def test_change_from_no_cases_is_missing_and_not_infinite(lake: Lake):
    rows = [week(5 * (k == 0), before(WEEK, k)) for k in range(5)]
    put(lake, "health.notifiable_weekly", rows)
    assert np.isnan(value(lake, "health.dengue_vs_4_weeks", "W", HCMC, WEEK))


def test_dengue_against_the_same_week_a_year_before(lake: Lake):
    rows = [
        week(90, cumulative_cases=3_150),
        week(60, before(WEEK, 52), cumulative_cases=800),
    ]
    put(lake, "health.notifiable_weekly", rows)
    assert value(lake, "health.dengue_vs_last_year", "W", HCMC, WEEK) == pytest.approx(50)
    cumulative = value(lake, "health.dengue_cumulative_vs_last_year", "W", HCMC, WEEK)
    assert cumulative == pytest.approx(293.75)  # 3,150 / 800 = 3.9375


def test_dengue_rate_counts_residents_once_and_other_diseases_not_at_all(lake: Lake):
    lake.ingest(REFERENCE / "wards.csv", "geography.wards")
    rows = [week(3, location=ONE), week(50, location=ONE, disease="hfmd")]
    put(lake, "health.notifiable_weekly", rows)
    rate = value(lake, "health.dengue_rate", "W", ONE, WEEK)
    assert rate == pytest.approx(3 / 44_749 * 1e5)


def test_outbreaks_are_added_up_and_wards_with_one_counted(lake: Lake):
    rows = [week(0, location=code, new_outbreaks=0) for code in ward_codes()]
    rows[0] |= {"new_outbreaks": 2}
    rows[5] |= {"new_outbreaks": 1}
    put(lake, "health.notifiable_weekly", rows)
    assert value(lake, "health.dengue_outbreaks", "W", CITY, WEEK) == 3
    assert value(lake, "health.dengue_outbreak_wards", "W", CITY, WEEK) == 2
    assert value(lake, "health.dengue_outbreak_wards", "W", ward_codes()[0], WEEK) == 1
    assert value(lake, "health.dengue_outbreak_wards", "W", ward_codes()[1], WEEK) == 0


def test_a_row_of_the_whole_province_is_not_a_ward_with_outbreaks(lake: Lake):
    put(lake, "health.notifiable_weekly", [week(1_999, new_outbreaks=113)])
    assert value(lake, "health.dengue_outbreaks", "W", HCMC, WEEK) == 113
    put(lake, "health.notifiable_weekly", [week(1, location=ONE, new_outbreaks=1)])
    assert np.isnan(value(lake, "health.dengue_outbreak_wards", "W", HCMC, WEEK))


def test_inpatients_severe_and_deaths_of_dengue(lake: Lake):
    rows = [week(40, inpatients=18, outpatients=22, severe=2, deaths=1)]
    put(lake, "health.notifiable_weekly", rows)
    assert value(lake, "health.dengue_inpatient_share", "W", HCMC, WEEK) == pytest.approx(45)
    assert value(lake, "health.dengue_severe_share", "W", HCMC, WEEK) == pytest.approx(5)
    assert value(lake, "health.dengue_deaths", "W", HCMC, WEEK) == 1


def test_share_of_a_week_without_cases_is_missing(lake: Lake):
    put(lake, "health.notifiable_weekly", [week(0, severe=0)])
    assert np.isnan(value(lake, "health.dengue_severe_share", "W", HCMC, WEEK))


def test_hand_foot_and_mouth_disease_and_measles_have_their_own_rows(lake: Lake):
    lake.ingest(REFERENCE / "wards.csv", "geography.wards")
    counts = [12, 8, 10, 6, 8]  # mean of the four before: 8
    rows = [
        week(n, before(WEEK, k), ONE, disease="hfmd", severe=3 * (k == 0))
        for k, n in enumerate(counts)
    ]
    rows += [week(10, before(WEEK, 52), ONE, disease="hfmd"), week(2, WEEK, ONE, disease="measles")]
    put(lake, "health.notifiable_weekly", rows)
    assert value(lake, "health.hfmd_cases", "W", ONE, WEEK) == 12
    assert value(lake, "health.hfmd_vs_4_weeks", "W", ONE, WEEK) == pytest.approx(50)
    assert value(lake, "health.hfmd_vs_last_year", "W", ONE, WEEK) == pytest.approx(20)
    assert value(lake, "health.hfmd_severe_share", "W", ONE, WEEK) == pytest.approx(25)
    assert value(lake, "health.hfmd_rate", "W", ONE, WEEK) == pytest.approx(12 / 44_749 * 1e5)
    assert value(lake, "health.measles_cases", "W", ONE, WEEK) == 2


def test_influenza_like_illness_is_a_share_of_visits(lake: Lake):
    rows = [{"week_start": WEEK, "location": HCMC, "patients": 400, "ili": 30}]
    put(lake, "health.ili_weekly", rows)
    assert value(lake, "health.ili_cases", "W", HCMC, WEEK) == 30
    assert value(lake, "health.ili_share", "W", HCMC, WEEK) == pytest.approx(7.5)


# -- beds, staff, vaccination ---------------------------------------------------------------------


def test_bed_occupancy_is_bed_days_over_beds_times_days(lake: Lake):
    # two facilities, seven days: (7 × 90 + 7 × 10) / (7 × 100 + 7 × 40) = 700 / 980
    days = [str(dt.date(2021, 10, 4) + dt.timedelta(days=k)) for k in range(7)]
    rows = [
        {"date": day, "facility_id": name, "location": ONE, "occupied": used, "beds": beds}
        for day in days
        for name, used, beds in (("CS001", 90, 100), ("CS002", 10, 40))
    ]
    put(lake, "health.beds_daily", rows)
    occupancy = value(lake, "health.bed_occupancy", "W", ONE, "2021-10-04")
    assert occupancy == pytest.approx(100 * 700 / 980)
    put(lake, "health.beds_daily", [rows[0] | {"date": "2021-10-11"}])  # one day of a week
    assert np.isnan(value(lake, "health.bed_occupancy", "W", ONE, "2021-10-11"))


def test_intensive_care_and_ventilators_leave_out_who_has_none(lake: Lake):
    day = {"date": "2021-10-04", "location": ONE}
    rows = [
        day | {"facility_id": "A", "icu_beds": 20, "icu_occupied": 19}
        | {"ventilators": 12, "ventilators_used": 9},
        day | {"facility_id": "B", "icu_beds": 0, "icu_occupied": 0}
        | {"ventilators": 0, "ventilators_used": 0},
    ]  # fmt: skip
    put(lake, "health.beds_daily", rows)
    put(lake, "health.beds_daily", [rows[1] | {"location": OTHER, "facility_id": "C"}])
    assert value(lake, "health.icu_occupancy", "D", ONE, "2021-10-04") == pytest.approx(95)
    assert value(lake, "health.ventilator_use", "D", ONE, "2021-10-04") == pytest.approx(75)
    assert np.isnan(value(lake, "health.icu_occupancy", "D", OTHER, "2021-10-04"))


def test_beds_per_10_000_are_those_of_the_last_day(lake: Lake):
    lake.ingest(REFERENCE / "wards.csv", "geography.wards")
    rows = [
        {"date": day, "facility_id": name, "location": ONE, "beds": beds}
        for day, name, beds in (
            ("2021-10-04", "A", 900),
            ("2021-10-05", "A", 100),
            ("2021-10-05", "B", 50),
        )
    ]
    put(lake, "health.beds_daily", rows)
    per_10k = value(lake, "health.beds_per_10k", "W", ONE, "2021-10-04")
    assert per_10k == pytest.approx(150 / 44_749 * 1e4)


def test_doctors_per_10_000_of_the_city_add_up_all_wards(lake: Lake):
    lake.ingest(REFERENCE / "wards.csv", "geography.wards")
    rows = all_wards(month="2021-10-01", doctors=20)
    for number, row in enumerate(rows):
        row["facility_id"] = f"T{number}"
    put(lake, "health.staff_monthly", rows)
    people = lake.sql("select sum(population) as n from geography.wards")["n"][0]
    city = value(lake, "health.doctors_per_10k", "M", CITY, "2021-10-01")
    assert city == pytest.approx(34 * 20 / people * 1e4)


def test_immunisation_coverage_is_a_ratio_of_sums_by_vaccine(lake: Lake):
    month = {"month": "2021-10-01", "location": ONE}
    rows = [
        month | {"vaccine": "full", "due": 60, "vaccinated": 57},
        month | {"vaccine": "measles1", "due": 50, "vaccinated": 44},
        month | {"vaccine": "full", "due": 40, "vaccinated": 20, "month": "2021-11-01"},
        month | {"vaccine": "full", "due": 20, "vaccinated": 19, "month": "2021-12-01"},
    ]
    put(lake, "health.vaccination_monthly", rows)
    assert value(lake, "health.full_immunisation", "M", ONE, "2021-10-01") == pytest.approx(95)
    quarter = value(lake, "health.full_immunisation", "Q", ONE, "2021-10-01")
    assert quarter == pytest.approx(100 * 96 / 120)
    assert value(lake, "health.measles_first_dose", "M", ONE, "2021-10-01") == pytest.approx(88)


# -- the door -------------------------------------------------------------------------------------


def test_the_weekly_bulletin_is_taken_in_as_it_is_written(lake: Lake, tmp_path: Path):
    file = tmp_path / "benh_truyen_nhiem.csv"
    file.write_text(
        "Tuần từ ngày;Phường;Tên bệnh;Số ca mắc;Nội trú;Ngoại trú;Ca nặng;Tử vong;Ổ dịch mới;"
        "Luỹ kế từ đầu năm\n"
        "17/10/2022;P. Linh Xuân;SXH;14;6;8;1;0;2;310\n"
        "17/10/2022;LONG PHUOC;Tay chân miệng;3;1;2;0;0;0;45\n"
        "17/10/2022;Long Phước;Cúm mùa;3;1;2;0;0;0;45\n",
        encoding="utf-8",
    )
    report = lake.ingest(file, "health.notifiable_weekly", as_of="2022-10-26")
    assert (report.stored, report.rejected) == (2, 1)
    rows = lake.read("health.notifiable_weekly").set_index("location")
    assert rows["disease"].to_dict() == {ONE: "dengue", OTHER: "hfmd"}
    assert rows.loc[ONE, ["cases", "new_outbreaks", "cumulative_cases"]].tolist() == [14, 2, 310]


@pytest.mark.parametrize(
    ("table", "header", "column"),
    [
        ("notifiable_weekly", "SO CA MAC", "cases"),
        ("notifiable_weekly", "Lũy kế", "cumulative_cases"),
        ("beds_daily", "Giường thực kê", "beds"),
        ("beds_daily", "số giường kế hoạch", "beds_planned"),
        ("facilities", "Bác sỹ", "doctors"),
        ("vaccination_monthly", "Đối tượng", "due"),
        ("ili_weekly", "ca cúm", "ili"),
    ],
)
def test_headers_of_the_systems_are_known(table: str, header: str, column: str):
    found = sectors.table(f"health.{table}").match_header(header)
    assert found is not None
    assert found.name == column


@pytest.mark.parametrize(
    ("cells", "law"),
    [
        ({"inpatients": 5, "outpatients": 4}, "inpatients + outpatients = cases"),
        ({"severe": 11}, "severe <= cases"),
        ({"cumulative_cases": 9}, "cases <= cumulative_cases"),
    ],
)
def test_rows_that_contradict_themselves_break_a_declared_law(lake: Lake, cells: dict, law: str):
    laws = [i.law for i in sectors.table("health.notifiable_weekly").identities]
    put(lake, "health.notifiable_weekly", [week(10, **cells)])
    broken = [
        each
        for each in laws
        if lake.sql(f"select count(*) as n from health.notifiable_weekly where not ({each})")["n"][
            0
        ]
    ]
    assert broken == [law]
