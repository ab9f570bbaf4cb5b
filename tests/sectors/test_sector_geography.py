"""Geography: weather by day, ward profiles by year; each indicator on rows worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kit import put, value

from ioc_analytics import sectors
from ioc_analytics.lake import Lake
from ioc_analytics.places import CITY, ward_codes

LINH_XUAN, LONG_PHUOC = "26794", "26857"
WEATHER = "geography.weather_daily"


def day(date: str, location: str = CITY, **cells: object) -> dict:
    return {"date": date, "location": location, **cells}


def week(lake: Lake, name: str, location: str = CITY, **options: object) -> float:
    return value(lake, f"geography.{name}", "W", location, "2021-05-03", **options)


# -- weather --------------------------------------------------------------------------------------


def week_of(column: str, figures: list[float | None], location: str = CITY) -> list[dict]:
    return [day(f"2021-05-{3 + i:02}", location, **{column: f}) for i, f in enumerate(figures)]


@pytest.mark.parametrize(
    ("column", "figures", "indicator", "expected"),
    [
        ("temp_c", [28, 29, 30, 31, 30, 29, 26], "temperature", 29),  # 203 / 7
        ("rel_humidity_pct", [70, 71, 72, 73, 74, 75, 76], "humidity", 73),
        ("rain_mm", [0, 0, 12.5, 0, 50, 0, 80.5], "rain", 143),
        ("rain_mm", [0, 49.9, 50, 0, 0, 80, 0], "heavy_rain_days", 2),  # from 50 mm on
        ("temp_max_c", [34.9, 35, 36, 30, 30, 30, 30], "hot_days", 2),  # from 35 °C on
        ("rain_mm", [0] * 7, "heavy_rain_days", 0),
    ],
)
def test_weather_of_a_week(lake: Lake, column: str, figures: list, indicator: str, expected: float):
    put(lake, WEATHER, week_of(column, figures))
    assert week(lake, indicator) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("column", "indicator"), [("temp_max_c", "hot_days"), ("rain_mm", "heavy_rain_days")]
)
def test_a_day_without_measurement_is_not_a_mild_one(lake: Lake, column: str, indicator: str):
    put(lake, WEATHER, week_of(column, [100 if column == "rain_mm" else 36, None, 0, 0, 0, 0, 0]))
    assert np.isnan(week(lake, indicator))
    assert week(lake, indicator, min_coverage=0.8) == 1


def test_rain_of_wards_is_not_added_up_to_the_city(lake: Lake):
    rows = [r for ward in ward_codes() for r in week_of("rain_mm", [10.0] * 7, ward)]
    put(lake, WEATHER, rows)
    assert week(lake, "rain", LINH_XUAN) == pytest.approx(70)
    assert np.isnan(week(lake, "rain"))


# -- ward profiles --------------------------------------------------------------------------------

PROFILE = {
    "residents": 40_000,
    "households": 10_000,
    "area_km2": 4.0,
    "lodging_rows": 500,
    "lodging_rooms": 5_000,
    "lodging_residents": 12_000,
    "industrial_jobs": 8_000,
    "green_m2": 20_000.0,
    "schools": 8,
    "health_stations": 6,
    "road_km": 30.0,
}


def profile(location: str = LINH_XUAN, date: str = "2020-12-31", **cells: object) -> dict:
    return {"date": date, "location": location, **PROFILE, **cells}


def year(lake: Lake, name: str, location: str = LINH_XUAN, **options: object) -> float:
    return value(lake, f"geography.{name}", "Y", location, "2020-01-01", **options)


@pytest.mark.parametrize(
    ("indicator", "expected"),
    [
        ("population_density", 10_000),  # 40,000 / 4
        ("household_size", 4),
        ("lodging_rooms_rate", 1_250),  # 10,000 · 5,000 / 40,000
        ("lodging_share", 30),
        ("lodging_crowding", 2.4),
        ("industrial_jobs_rate", 2_000),
        ("health_stations_rate", 1.5),
        ("green_space", 0.5),
        ("road_density", 7.5),
    ],
)
def test_a_rate_of_the_ward_profile(lake: Lake, indicator: str, expected: float):
    put(lake, "geography.ward_profile", [profile()])
    assert year(lake, indicator) == pytest.approx(expected)


def test_the_city_s_density_is_a_ratio_of_sums(lake: Lake):
    rows = [profile(ward, residents=1_000, area_km2=1.0) for ward in ward_codes()]
    rows[0] |= {"residents": 34_000, "area_km2": 2.0}
    put(lake, "geography.ward_profile", rows)
    assert year(lake, "population_density", CITY) == pytest.approx(67_000 / 35)  # not the mean


def test_of_two_counts_in_a_year_the_newer_one_holds(lake: Lake):
    rows = [profile(date="2020-04-01", residents=38_000), profile()]
    put(lake, "geography.ward_profile", rows)
    assert year(lake, "population_density") == pytest.approx(10_000)


def test_a_missing_figure_leaves_its_own_rates_missing_only(lake: Lake):
    put(lake, "geography.ward_profile", [profile(green_m2=None)])
    assert np.isnan(year(lake, "green_space"))
    assert year(lake, "household_size") == 4


def test_a_city_with_a_ward_missing_is_missing(lake: Lake):
    put(lake, "geography.ward_profile", [profile(ward) for ward in ward_codes()[1:]])
    assert np.isnan(year(lake, "population_density", CITY))


# -- what is declared -----------------------------------------------------------------------------


def test_the_population_of_the_ward_list_has_no_day_and_makes_no_indicator():
    assert sectors.table("geography.wards").date is None
    used = {i.table for i in sectors.indicators().values() if i.id.startswith("geography.")}
    assert used == {WEATHER, "geography.ward_profile"}


def test_a_profile_is_taken_in_as_the_statistics_office_writes_it(lake: Lake, tmp_path: Path):
    file = tmp_path / "ho_so.csv"
    file.write_text(
        "PHỤ LỤC: HỒ SƠ PHƯỜNG;;;;;\n"
        "STT;Thời điểm;Phường;Số dân;Diện tích (km2);Phòng cho thuê\n"
        "1;31/12/2020;P. Linh Xuan;40.000;4,25;5.000\n"
        "2;31/12/2020;Long Phước;12.836;24,74;-5\n",
        encoding="utf-8",
    )
    report = lake.ingest(file, "geography.ward_profile", as_of="2021-03-01")
    assert (report.stored, report.rejected) == (1, 1)
    [row] = lake.read("geography.ward_profile").to_dict("records")
    assert row["location"] == LINH_XUAN
    assert row["date"] == pd.Timestamp("2020-12-31")
    assert (row["residents"], row["area_km2"], row["lodging_rooms"]) == (40_000, 4.25, 5_000)
    assert report.rejects["reason"].tolist() == ["is below 0"]
