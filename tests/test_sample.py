"""The simulated sample: reproducible, taken in through the real door, of a believable size."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ioc_analytics.calendar import tet_day
from ioc_analytics.lake import Lake, open_lake
from ioc_analytics.places import REFERENCE, ward_codes
from ioc_analytics.twin import write_sample

# Cumulative cases of the province, DOMAIN.md D.5
CHECK_POINTS = {
    "2021-06-20": 1_618,
    "2021-07-18": 31_391,
    "2021-08-01": 94_295,
    "2021-08-29": 209_921,
    "2021-09-21": 348_220,
}


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake that holds the sample, and so a test that all of it is taken in."""
    folder = tmp_path_factory.mktemp("sample")
    lake = open_lake(folder / "lake")
    began = time.monotonic()
    for file in write_sample(folder):
        report = lake.ingest(file.path, file.table, simulated=True, **file.options)
        assert (report.rejected, report.flagged, report.stored) == (0, 0, report.read)
    assert time.monotonic() - began < 10
    return lake


@pytest.fixture(scope="module")
def daily(sampled: Lake) -> pd.DataFrame:
    frame = sampled.read("epidemic.cases_daily")
    return frame.pivot(index="date", columns="location", values=["new_cases", "new_deaths"])


def _bytes(folder: Path, seed: int) -> dict[str, bytes]:
    return {f.path.name: f.path.read_bytes() for f in write_sample(folder, seed)}


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path: Path):
    one = _bytes(tmp_path / "a", 7)
    assert one == _bytes(tmp_path / "b", 7)
    other = _bytes(tmp_path / "c", 8)
    assert all(one[name] != other[name] for name in one)


def test_files_are_small_quick_and_say_that_they_are_simulated(tmp_path: Path):
    began = time.monotonic()
    files = _bytes(tmp_path, 0)
    assert time.monotonic() - began < 5
    assert sum(map(len, files.values())) < 3_000_000
    assert all("mo_phong" in name for name in files)
    ward_file = files["ca_mac_phuong_mo_phong.csv"]
    assert ward_file.startswith(b"\xef\xbb\xbf")
    title, header, first = ward_file.decode("utf-8-sig").splitlines()[:3]
    assert "MÔ PHỎNG" in title
    assert header == "Ngày;Mã phường;Phường;Số ca mắc mới;Tử vong"
    assert first.startswith("27/04/2021;26794;Phường Linh Xuân;")


def test_every_row_is_marked_simulated_and_known_on_the_sample_day(sampled: Lake):
    assert sampled.tables() == [
        "economy.monthly",
        "epidemic.cases_daily",
        "geography.weather_daily",
        "health.ili_weekly",
    ]
    for table in sampled.tables():
        rows = sampled.read(table, columns=["_simulated", "as_of"])
        assert rows["_simulated"].all()
        assert (rows["as_of"] == pd.Timestamp("2021-10-24")).all()


def test_taking_the_sample_in_twice_changes_nothing(sampled: Lake, tmp_path: Path):
    before = {table: sampled.version(table) for table in sampled.tables()}
    for file in write_sample(tmp_path):
        assert sampled.ingest(file.path, file.table, simulated=True, **file.options).already
    assert before == {table: sampled.version(table) for table in sampled.tables()}


def test_every_ward_has_every_day_but_one_that_is_late(daily: pd.DataFrame):
    wards = daily["new_cases"].loc["2021-04-27":, list(ward_codes())]
    assert (wards.index[0], wards.index[-1]) == (
        pd.Timestamp("2021-04-27"),
        pd.Timestamp("2021-10-24"),
    )
    missing = wards.isna()
    assert missing.sum().sum() == 3
    assert missing["26857"].tail(3).all()
    assert (wards == 0).any().all()  # zeros are written


@pytest.mark.parametrize("what", ["new_cases", "new_deaths"])
def test_the_wards_are_a_part_of_the_province(daily: pd.DataFrame, what: str):
    frame = daily[what].loc["2021-04-27":]
    wards = frame[list(ward_codes())].sum(axis=1)
    assert (wards <= frame["79"]).all()
    assert 0.08 < wards.sum() / frame["79"].sum() < 0.12


def test_province_is_whole_from_march_2020(daily: pd.DataFrame):
    province = daily["new_cases"]["79"]
    assert province.index[0] == pd.Timestamp("2020-03-01")
    assert len(province) == (province.index[-1] - province.index[0]).days + 1
    assert province.notna().all()
    assert 20 < province[:"2021-04-26"].sum() < 1000


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_wave_has_the_size_and_shape_of_2021(tmp_path: Path, seed: int):
    file = write_sample(tmp_path, seed)[1].path
    frame = pd.read_csv(file, parse_dates=["date"]).set_index("date")["2021-04-27":]
    total = frame["new_cases"].cumsum()
    for day, published in CHECK_POINTS.items():
        assert published / 2 < total[day] < published * 2
    week = frame["new_cases"].rolling(7).mean()
    assert pd.Timestamp("2021-07-15") < week.idxmax() < pd.Timestamp("2021-09-15")
    assert week.iloc[-1] < week.max() / 4
    assert 0.02 < frame["new_deaths"].sum() / frame["new_cases"].sum() < 0.06
    by_weekday = frame["new_cases"]["2021-07-15":].groupby(lambda d: d.dayofweek).mean()
    assert by_weekday[6] < by_weekday[0]  # Sunday's reports come on Monday


def test_wards_with_more_residents_have_more_cases(daily: pd.DataFrame):
    wards = pd.read_csv(REFERENCE / "wards.csv", dtype={"ward_code": str})
    cases = daily["new_cases"][wards["ward_code"]].sum().to_numpy()
    assert wards["population"].corr(pd.Series(cases), method="spearman") > 0.7


def test_dry_and_rainy_season(sampled: Lake):
    days = sampled.read("geography.weather_daily").set_index("date")
    month = days.groupby(lambda d: d.month).mean(numeric_only=True)
    assert month["rain_mm"].loc[[1, 2, 3]].mean() < 2 < 4 < month["rain_mm"].loc[[7, 8, 9]].mean()
    assert month["temp_c"].idxmax() in (3, 4, 5)
    assert (days["dewpoint_c"] < days["temp_c"]).all()
    assert len(days) == (days.index[-1] - days.index[0]).days + 1


def test_clinics_report_whole_weeks(sampled: Lake):
    weeks = sampled.read("health.ili_weekly")
    assert (weeks["week_start"].dt.dayofweek == 0).all()
    assert (weeks["week_start"].diff().dropna().dt.days == 7).all()
    share = 100 * weeks["ili"] / weeks["patients"]
    assert weeks["ili_pct"].to_numpy() == pytest.approx(share.to_numpy(), abs=1e-3)
    assert share.between(1, 20).all()


def test_the_month_of_tet_stands_out_in_industry(sampled: Lake):
    rows = sampled.read("economy.monthly")
    assert rows.groupby("series")["value"].count().eq(93).all()
    wide = rows.pivot(index="month", columns="series", values="value")
    years = range(2014, 2021)
    moved = [tet_day(y).month - tet_day(y - 1).month for y in years]  # 1: from January to February
    january = [wide["iip_yoy"][pd.Timestamp(y, 1, 1)] for y in years]
    assert np.corrcoef(moved, january)[0, 1] > 0.5
    assert (wide.loc["2021-07":"2021-09", "iip_yoy"] < 0).all()
