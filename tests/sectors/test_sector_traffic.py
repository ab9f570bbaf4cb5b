"""Traffic: each indicator on rows whose value is worked out by hand; the systems' own spellings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kit import put, value

from ioc_analytics import sectors
from ioc_analytics.lake import Lake
from ioc_analytics.places import CITY

LINH_XUAN, LONG_PHUOC = "26794", "26857"
WEEK = "2022-03-07"
COVERED = ("2022-03-07", "2022-03-13")
YEAR_BEFORE, THIS_YEAR = "2021-03-01", "2022-03-01"


def accident(number: str, when: str = "2022-03-08T18:30:00", **cells: object) -> dict:
    return {
        "accident_id": number,
        "occurred_at": when,
        "location": LINH_XUAN,
        "mode": "road",
        "deaths": 0,
        "injured": 1,
        **cells,
    }


# -- accidents ------------------------------------------------------------------------------------


def test_accidents_deaths_and_injured_are_added_over_days_wards_and_modes(lake: Lake):
    rows = [
        accident("1", deaths=1),
        accident("2", injured=3),
        accident("3", mode="rail", deaths=1, injured=0),
        accident("4", location=LONG_PHUOC, mode="water"),
    ]
    put(lake, "traffic.accidents", rows, covers=COVERED)
    for name, ward, city in (("accident_count", 3, 4), ("deaths", 2, 2), ("injured", 4, 5)):
        assert value(lake, f"traffic.{name}", "W", LINH_XUAN, WEEK) == ward
        assert value(lake, f"traffic.{name}", "W", CITY, WEEK) == city


def test_change_against_the_same_month_as_the_city_published_it_for_2022(lake: Lake):
    # Thủ Đức 2022: +8.3 % accidents, +43.4 % deaths, +20 % injured (DOMAIN.md C.5); 12 and 13
    # accidents, 53 and 76 dead, 5 and 6 injured give these changes
    before = [accident(f"a{i}", "2021-03-10T08:00:00", deaths=0, injured=0) for i in range(12)]
    before[0] |= {"deaths": 53, "injured": 5}
    now = [accident(f"b{i}", "2022-03-10T08:00:00", deaths=0, injured=0) for i in range(13)]
    now[0] |= {"deaths": 76, "injured": 6}
    put(lake, "traffic.accidents", before, covers=("2021-03-01", "2021-03-31"))
    put(lake, "traffic.accidents", now, covers=("2022-03-01", "2022-03-31"))
    for name, change in (("accidents", 8.333), ("deaths", 43.396), ("injured", 20.0)):
        published = value(lake, f"traffic.{name}_vs_year", "M", CITY, THIS_YEAR)
        assert published == pytest.approx(change, abs=1e-3)
        assert np.isnan(value(lake, f"traffic.{name}_vs_year", "M", CITY, YEAR_BEFORE))


def test_a_death_registered_later_corrects_the_count(lake: Lake):
    first, later = accident("1"), accident("1", deaths=1, injured=0)
    put(lake, "traffic.accidents", [first], covers=COVERED, as_of="2022-03-09")
    put(lake, "traffic.accidents", [later], covers=COVERED, as_of="2022-03-25")
    deaths = [
        value(lake, "traffic.deaths", "W", LINH_XUAN, WEEK, as_of=day)
        for day in ("2022-03-14", "2022-03-25")
    ]
    assert deaths == [0, 1]


# -- flow -----------------------------------------------------------------------------------------


def hour(vehicles: int, speed: float | None, clock: int = 7, **cells: object) -> dict:
    return {
        "camera_id": "CAM-01",
        "hour": f"2022-03-08T{clock:02}:00:00",
        "location": LINH_XUAN,
        "vehicles": vehicles,
        "speed_kmh": speed,
        "free_flow_kmh": 50.0,
        **cells,
    }


def day(lake: Lake, indicator: str, location: str = LINH_XUAN) -> float:
    return value(lake, indicator, "D", location, "2022-03-08")


def test_congestion_index_weighs_hours_by_the_time_that_vehicles_spend(lake: Lake):
    # 1 km takes 1,000 vehicles 1,000/25 = 40 h and 500 vehicles 500/50 = 10 h: 50 h in all; at
    # 50 km/h it would be 30 h. The mean of the two hours' ratios, 0.75, would be wrong.
    put(lake, "traffic.flow_hourly", [hour(1000, 25.0), hour(500, 50.0, 22)])
    assert day(lake, "traffic.congestion_index") == pytest.approx(30 / 50)


def test_mean_speed_is_distance_over_time(lake: Lake):
    put(lake, "traffic.flow_hourly", [hour(1000, 25.0), hour(500, 50.0, 22)])
    assert day(lake, "traffic.mean_speed") == pytest.approx(1500 / 50)


@pytest.mark.parametrize("speed", [None, 0.0])
def test_an_hour_without_speed_tells_nothing_of_speeds_but_its_vehicles_count(lake: Lake, speed):
    put(lake, "traffic.flow_hourly", [hour(1000, 25.0), hour(400, speed, 22)])
    assert day(lake, "traffic.mean_speed") == pytest.approx(25)
    assert day(lake, "traffic.congestion_index") == pytest.approx(0.5)
    assert day(lake, "traffic.flow") == pytest.approx(700)


def test_flow_of_the_city_is_a_mean_over_cameras_and_missing_where_there_is_none(lake: Lake):
    other = {"camera_id": "CAM-02", "location": LONG_PHUOC}
    rows = [hour(900, 30.0), hour(300, 40.0, 8), hour(600, 40.0, **other)]
    put(lake, "traffic.flow_hourly", rows)
    assert day(lake, "traffic.flow") == pytest.approx(600)
    assert day(lake, "traffic.flow", CITY) == pytest.approx(600)
    assert np.isnan(day(lake, "traffic.flow", "26797"))


# -- violations and points of congestion ----------------------------------------------------------


def test_violations_are_counted_by_the_day_on_which_they_were_seen(lake: Lake):
    row = {"location": LINH_XUAN, "kind": "speeding"}
    seen = ["2022-03-07T00:00:00", "2022-03-13T23:59:00"]
    rows = [{**row, "violation_id": str(i), "detected_at": when} for i, when in enumerate(seen)]
    put(lake, "traffic.violations", rows, covers=COVERED)
    assert value(lake, "traffic.violation_count", "W", LINH_XUAN, WEEK) == 2


def test_shares_of_congestion_points_as_published(lake: Lake):
    # 24 points: 6 improved, 9 improved but still complex, 9 without change (DOMAIN.md C.5)
    status = ["improved"] * 6 + ["improved_complex"] * 9 + ["no_change"] * 9
    rows = [
        {"point_id": str(i), "reviewed_on": "2022-03-25", "location": LINH_XUAN, "status": word}
        for i, word in enumerate(status)
    ]
    put(lake, "traffic.congestion_points", rows, covers=("2022-03-01", "2022-03-31"))
    shares = [
        value(lake, f"traffic.congestion_points_{name}", "M", CITY, "2022-03-01")
        for name in ("improved", "unchanged")
    ]
    assert shares == pytest.approx([25.0, 37.5])


def test_congestion_points_are_unknown_where_there_is_none(lake: Lake):
    row = {"point_id": "1", "reviewed_on": "2022-03-25", "location": LINH_XUAN}
    put(
        lake,
        "traffic.congestion_points",
        [{**row, "status": "improved"}],
        covers=("2022-03-01", "2022-03-31"),
    )
    share = value(lake, "traffic.congestion_points_improved", "M", LONG_PHUOC, "2022-03-01")
    assert np.isnan(share)


# -- the door -------------------------------------------------------------------------------------


def test_the_traffic_police_s_own_headers_and_words_are_read(lake: Lake, tmp_path: Path):
    export = tmp_path / "tai_nan.csv"
    export.write_text(
        "Số vụ;Ngày giờ xảy ra;Tên phường;mã phường;Loại hình;Hậu quả;Chết;Bị thương\n"
        "TN-1;08/03/2022 18:30;Linh Xuân;26794;Đường bộ;NGHIEM TRONG;1;0\n"
        "TN-2;09/03/2022 05:10;Long Phước;26857;đường thủy;Va chạm;0;2\n",
        encoding="utf-8",
    )
    lake.ingest(export, "traffic.accidents", as_of="2022-03-14")
    rows = lake.read("traffic.accidents").sort_values("accident_id")
    assert rows["mode"].tolist() == ["road", "water"]
    assert rows["severity"].tolist() == ["serious", "collision"]
    assert rows[["deaths", "injured"]].to_numpy().tolist() == [[1, 0], [0, 2]]


def test_plates_are_pseudonyms():
    assert sectors.table("traffic.violations").column("plate").personal == "pseudonym"
