"""Security: each indicator on rows whose value is worked out by hand; the police's spellings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kit import put, value

from ioc_analytics import sectors
from ioc_analytics.lake import Lake
from ioc_analytics.places import CITY, REFERENCE

LINH_XUAN, LONG_PHUOC = "26794", "26857"
WEEK = "2021-10-04"
COVERED = ("2021-10-04", "2021-10-10")


def offence(number: int, **cells: object) -> dict:
    """One theft of Tuesday morning in Linh Xuân, under investigation."""
    return {
        "incident_id": f"VV-{number}",
        "reported_at": "2021-10-05T09:30:00",
        "location": LINH_XUAN,
        "category": "criminal",
        "type": "theft",
        "severity": "serious",
        "status": "investigating",
        **cells,
    }


SOLVED = {"status": "solved", "solved_at": "2021-10-06T08:00:00"}
ORDER = {"category": "public_order", "type": "noise", "severity": "less_serious"}


# -- offences -------------------------------------------------------------------------------------


def test_offences_are_counted_by_the_day_of_their_report_and_breaches_of_order_are_none(lake: Lake):
    rows = [offence(1), offence(2, reported_at="2021-10-10T23:59:00"), offence(3, **ORDER)]
    put(lake, "security.incidents", [*rows, offence(4, location=LONG_PHUOC)], covers=COVERED)
    assert value(lake, "security.crimes", "W", LINH_XUAN, WEEK) == 2
    assert value(lake, "security.crimes", "W", CITY, WEEK) == 3
    assert value(lake, "security.incident_count", "W", LINH_XUAN, WEEK) == 3
    assert value(lake, "security.crimes", "D", LINH_XUAN, "2021-10-06") == 0
    assert np.isnan(value(lake, "security.crimes", "D", LINH_XUAN, "2021-10-11"))


def test_crime_rate_divides_by_the_residents_of_the_place(lake: Lake):
    lake.ingest(REFERENCE / "wards.csv", "geography.wards", as_of="2021-01-01")
    put(lake, "security.incidents", [offence(1), offence(2)], covers=COVERED)
    # Linh Xuân has 44,749 residents, the city 1,013,795
    ward = value(lake, "security.crime_rate", "W", LINH_XUAN, WEEK)
    assert ward == pytest.approx(2 / 44_749 * 1e5)
    assert value(lake, "security.crime_rate", "W", CITY, WEEK) == pytest.approx(2 / 1_013_795 * 1e5)


def test_offences_against_the_same_month_of_last_year(lake: Lake):
    before = [offence(n, reported_at="2020-10-20T10:00:00") for n in range(5)]
    now = [offence(10 + n, reported_at="2021-10-20T10:00:00") for n in range(4)]
    put(lake, "security.incidents", before, covers=("2020-10-01", "2020-10-31"))
    put(lake, "security.incidents", now, covers=("2021-10-01", "2021-10-31"))
    change = value(lake, "security.crimes_vs_year", "M", LINH_XUAN, "2021-10-01")
    assert change == pytest.approx(-20.0)  # 4 / 5 - 1
    assert np.isnan(value(lake, "security.crimes_vs_year", "M", LONG_PHUOC, "2021-10-01"))


# -- clearance ------------------------------------------------------------------------------------


def test_clearance_is_solved_of_reported_and_of_the_city_a_ratio_of_sums(lake: Lake):
    rows = [offence(1, **SOLVED), offence(2, **SOLVED), offence(3), offence(4, status="suspended")]
    rows += [offence(5, location=LONG_PHUOC), offence(6, **ORDER, **SOLVED)]
    put(lake, "security.incidents", rows, covers=COVERED)
    assert value(lake, "security.clearance_rate", "W", LINH_XUAN, WEEK) == pytest.approx(50.0)
    assert value(lake, "security.clearance_rate", "W", LONG_PHUOC, WEEK) == 0
    assert value(lake, "security.clearance_rate", "W", CITY, WEEK) == pytest.approx(40.0)  # 2 of 5


def test_clearance_is_missing_where_nothing_was_reported(lake: Lake):
    put(lake, "security.incidents", [offence(1, **SOLVED)], covers=COVERED)
    assert np.isnan(value(lake, "security.clearance_rate", "W", LONG_PHUOC, WEEK))


def test_an_offence_solved_later_raises_the_clearance_of_the_period_of_its_report(lake: Lake):
    put(lake, "security.incidents", [offence(1)], covers=COVERED, as_of="2021-10-11")
    put(lake, "security.incidents", [offence(1, **SOLVED)], covers=COVERED, as_of="2021-12-01")
    known = {
        day: value(lake, "security.clearance_rate", "W", LINH_XUAN, WEEK, as_of=day)
        for day in ("2021-11-30", "2021-12-01")
    }
    assert known == {"2021-11-30": 0, "2021-12-01": 100}


def test_serious_clearance_takes_very_and_extremely_serious_offences_only(lake: Lake):
    rows = [
        offence(1, severity="very_serious", **SOLVED),
        offence(2, severity="extremely_serious", **SOLVED),
        offence(3, severity="very_serious"),
        offence(4, severity="serious"),
        offence(5, severity=None),
    ]
    put(lake, "security.incidents", rows, covers=COVERED)
    rate = value(lake, "security.serious_clearance_rate", "W", LINH_XUAN, WEEK)
    assert rate == pytest.approx(66.667, abs=1e-3)


# -- fires ----------------------------------------------------------------------------------------


def fire(number: int, arrived_at: str | None, location: str = LINH_XUAN) -> dict:
    reported = "2021-10-07T14:00:00"
    return {
        "fire_id": f"F{number}",
        "reported_at": reported,
        "arrived_at": arrived_at,
        "location": location,
    }


def test_fires_are_counted_also_where_the_brigade_did_not_come(lake: Lake):
    put(lake, "security.fires", [fire(1, None), fire(2, "2021-10-07T14:08:00")], covers=COVERED)
    assert value(lake, "security.fire_count", "W", LINH_XUAN, WEEK) == 2
    assert value(lake, "security.fire_count", "W", LONG_PHUOC, WEEK) == 0


def test_arrival_is_the_median_over_all_fires_and_unknown_arrivals_do_not_count(lake: Lake):
    minutes = {1: "14:06", 2: "14:09", 3: "14:30"}
    rows = [fire(n, f"2021-10-07T{clock}:00") for n, clock in minutes.items()]
    rows += [fire(4, None), fire(5, "2021-10-07T14:10:00", LONG_PHUOC)]
    put(lake, "security.fires", rows, covers=COVERED)
    assert value(lake, "security.fire_arrival_minutes", "W", LINH_XUAN, WEEK) == pytest.approx(9)
    assert value(lake, "security.fire_arrival_minutes", "W", CITY, WEEK) == pytest.approx(9.5)


# -- the door -------------------------------------------------------------------------------------


def test_the_police_s_own_headers_and_words_are_read(lake: Lake, tmp_path: Path):
    export = tmp_path / "vu_viec.csv"
    export.write_text(
        "MÃ VỤ,Ngày giờ tiếp nhận tin,Phường,Nhóm,Hành vi,Tính chất,Kết quả,Ngày khám phá\n"
        "VV-1,5/10/2021 09:30,P. Linh Xuan,PPHS,Trộm cắp,Rất nghiêm trọng,Đã làm rõ,"
        "6/10/2021 08:00\n"
        "VV-2,5/10/2021 22:15,Long Phước,vi phạm trật tự,karaoke gây ồn,,đang giải quyết,\n",
        encoding="utf-8-sig",
    )
    lake.ingest(export, "security.incidents", as_of="2021-10-11")
    rows = lake.read("security.incidents").sort_values("incident_id")
    assert rows["location"].tolist() == [LINH_XUAN, LONG_PHUOC]
    assert rows["category"].tolist() == ["criminal", "public_order"]
    assert rows["type"].tolist() == ["theft", "noise"]
    assert rows["status"].tolist() == ["solved", "investigating"]


def test_who_reported_becomes_a_pseudonym_and_the_address_is_not_kept():
    table = sectors.table("security.incidents")
    assert table.column("reporter").personal == "pseudonym"
    assert not table.column("address").kept
    assert table.persons


def test_a_solved_incident_without_a_time_breaks_the_table_s_law():
    import duckdb

    (identity,) = sectors.table("security.incidents").identities
    rows = "values ('solved', null), ('solved', date '2021-10-06'), ('suspended', null)"
    kept = duckdb.sql(f"select {identity.law} from ({rows}) t(status, solved_at)").fetchall()
    assert kept == [(False,), (True,), (True,)]
