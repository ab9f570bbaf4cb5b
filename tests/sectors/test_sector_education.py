"""Education: each indicator on rows whose value is worked out by hand; the schools' spellings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kit import put, value

from ioc_analytics.lake import Lake
from ioc_analytics.places import CITY, ward_codes

LINH_XUAN, LONG_PHUOC = "26794", "26857"
YEAR = "2021-01-01"  # the panel's year of the school year 2021-2022
COVERED = ("2021-01-01", "2021-12-31")


def school(number: int, level: str, classes: int, pupils: int, **cells: object) -> dict:
    return {
        "school_id": f"TR-{number}",
        "year_start": "2021-09-05",
        "location": LINH_XUAN,
        "level": level,
        "classes": classes,
        "pupils": pupils,
        **cells,
    }


def year(lake: Lake, name: str, location: str = LINH_XUAN) -> float:
    return value(lake, f"education.{name}", "Y", location, YEAR)


# -- schools --------------------------------------------------------------------------------------


def test_pupils_per_class_by_level_is_a_ratio_of_sums(lake: Lake):
    rows = [
        school(1, "primary", 10, 400),
        school(2, "primary", 30, 1_000),
        school(3, "lower_secondary", 20, 900),
        school(4, "upper_secondary", 10, 420, location=LONG_PHUOC),
        school(5, "preschool", 5, 100),
    ]
    put(lake, "education.schools", rows, covers=COVERED)
    assert year(lake, "pupils_per_class_primary") == pytest.approx(35)  # not the mean, 36.7
    assert year(lake, "pupils_per_class_secondary") == pytest.approx(45)
    assert year(lake, "pupils_per_class_secondary", CITY) == pytest.approx(44)  # 1,320 / 30


def test_pupils_per_class_is_missing_where_a_ward_has_no_such_school(lake: Lake):
    put(lake, "education.schools", [school(1, "primary", 10, 400)], covers=COVERED)
    assert np.isnan(year(lake, "pupils_per_class_secondary"))
    assert np.isnan(year(lake, "pupils_per_class_primary", LONG_PHUOC))


def test_teachers_per_class_leave_kindergartens_and_schools_that_do_not_tell_aside(lake: Lake):
    rows = [
        school(1, "primary", 20, 700, teachers=27),
        school(2, "lower_secondary", 10, 430, teachers=18),
        school(3, "preschool", 10, 270, teachers=22),
        school(4, "primary", 30, 900, teachers=None),
    ]
    put(lake, "education.schools", rows, covers=COVERED)
    assert year(lake, "teachers_per_class") == pytest.approx(1.5)  # 45 / 30


def test_share_of_pupils_taught_two_sessions_a_day(lake: Lake):
    rows = [
        school(1, "primary", 20, 800, two_session_pupils=600),
        school(2, "lower_secondary", 10, 400, two_session_pupils=0),
        school(3, "preschool", 10, 270, two_session_pupils=270),
    ]
    put(lake, "education.schools", rows, covers=COVERED)
    assert year(lake, "two_session_share") == pytest.approx(50)


def test_pupils_against_the_school_year_before(lake: Lake):
    rows = [
        school(1, "primary", 20, 800, year_start="2020-09-05"),
        school(1, "primary", 20, 820),
        school(2, "preschool", 2, 20),
    ]
    put(lake, "education.schools", rows, covers=("2020-01-01", "2021-12-31"))
    assert year(lake, "pupils_vs_year") == pytest.approx(5)  # 840 / 800 - 1


def _residents(**rooms: int) -> list[dict]:
    """Every ward with 1,000 residents of school age and 29 rooms, but for those named."""
    return [
        {
            "year_start": "2021-09-05",
            "location": code,
            "school_age_population": 1_000,
            "rooms": rooms.get(f"w{code}", 29),
        }
        for code in ward_codes()
    ]


def test_classrooms_per_10000_residents_of_school_age(lake: Lake):
    # 34 wards of 1,000: 33 x 29 + 43 = 1,000 rooms, 294.1 per 10,000; the province had 294
    put(lake, "education.school_age", _residents(w26794=43))
    assert year(lake, "rooms_per_10k") == pytest.approx(430)
    assert year(lake, "rooms_per_10k", CITY) == pytest.approx(1e4 * 1_000 / 34_000)


def test_classrooms_of_the_city_are_missing_while_a_ward_is(lake: Lake):
    put(lake, "education.school_age", _residents()[1:])
    assert np.isnan(year(lake, "rooms_per_10k", CITY))


# -- attendance -----------------------------------------------------------------------------------


def attendance(date: str, enrolled: int, present: int, ill: int | None, **cells: object) -> dict:
    return {
        "date": date,
        "location": LINH_XUAN,
        "level": "primary",
        "enrolled": enrolled,
        "present": present,
        "absent_ill": ill,
        **cells,
    }


def test_absence_over_levels_and_days_weighs_by_pupils(lake: Lake):
    rows = [
        attendance("2021-03-01", 1_000, 970, 10),
        attendance("2021-03-01", 3_000, 2_950, 20, level="preschool"),
        attendance("2021-03-02", 1_000, 880, 70),
    ]
    put(lake, "education.attendance_daily", rows, covers=("2021-03-01", "2021-03-07"))
    absent = value(lake, "education.absence_rate", "W", LINH_XUAN, "2021-03-01")
    ill = value(lake, "education.illness_absence_rate", "W", LINH_XUAN, "2021-03-01")
    assert absent == pytest.approx(4.0)  # (30 + 50 + 120) / 5,000
    assert ill == pytest.approx(2.0)  # 100 / 5,000


def test_a_day_without_school_is_missing_and_not_a_day_without_absence(lake: Lake):
    put(
        lake,
        "education.attendance_daily",
        [attendance("2021-03-01", 1_000, 970, 10)],
        covers=("2021-03-01", "2021-03-07"),
    )
    assert np.isnan(value(lake, "education.absence_rate", "D", LINH_XUAN, "2021-03-06"))
    assert value(lake, "education.absence_rate", "W", CITY, "2021-03-01") == pytest.approx(3)


def test_where_illness_is_not_told_apart_only_absence_is_known(lake: Lake):
    put(lake, "education.attendance_daily", [attendance("2021-03-01", 500, 490, None)])
    assert value(lake, "education.absence_rate", "D", LINH_XUAN, "2021-03-01") == pytest.approx(2)
    ill = value(lake, "education.illness_absence_rate", "D", LINH_XUAN, "2021-03-01")
    assert np.isnan(ill)


# -- the door -------------------------------------------------------------------------------------


def test_the_schools_own_headers_and_words_are_read(lake: Lake, tmp_path: Path):
    export = tmp_path / "truong.csv"
    export.write_text(
        "Mã trường;Ngày khai giảng;Phường;Tên trường;Cấp;Loại trường;Số lớp;Số HS;Số GV;"
        "Phòng học;HS 2 buổi\n"
        "TR-1;5/9/2021;P. Linh Xuân;Trường Tiểu học số 001;TH;công lập;30;1.050;41;32;800\n"
        "TR-2;05/09/2021;Long Phước;Trường THCS số 002;cấp 2;Tư thục;12;500;22;14;0\n",
        encoding="utf-8",
    )
    lake.ingest(export, "education.schools", as_of="2021-10-10")
    rows = lake.read("education.schools").sort_values("school_id")
    assert rows["level"].tolist() == ["primary", "lower_secondary"]
    assert rows["type"].tolist() == ["public", "private"]
    assert rows["pupils"].tolist() == [1050, 500]
    assert rows["location"].tolist() == [LINH_XUAN, LONG_PHUOC]
