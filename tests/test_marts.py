"""The marts: what dashboards read, checked by hand against the rows it comes from."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kit import put

import ioc_analytics.forecasting as forecasting
from ioc_analytics import marts, sectors
from ioc_analytics.errors import ContractError, LakeError
from ioc_analytics.forecasting import HUB_QUANTILES
from ioc_analytics.lake import Lake
from ioc_analytics.marts import outlook
from ioc_analytics.places import CITY, REFERENCE, ward_codes

NAMES = [m.name for m in marts.MARTS]
ONE, OTHER = "26794", "26857"  # Linh Xuân, Long Phước
SOURCES = {m.name: set(m.tables) for m in marts.MARTS}


@pytest.fixture
def wards_lake(lake: Lake) -> Lake:
    """A lake that knows its wards and nothing else."""
    lake.ingest(REFERENCE / "wards.csv", "geography.wards", as_of="2021-01-01")
    return lake


@pytest.fixture
def take_in(tmp_path: Path) -> Callable[..., None]:
    def take_in(lake: Lake, table: str, rows: pd.DataFrame, **options: object) -> None:
        path = tmp_path / f"{table}-{len(list(tmp_path.iterdir()))}.csv"
        rows.to_csv(path, index=False)
        report = lake.ingest(path, table, **{"as_of": "2021-12-31", **options})
        assert report.rejected == 0, report.rejects
        assert report.stored

    return take_in


def daily(location: str, start: str, cases: list[int]) -> pd.DataFrame:
    days = pd.date_range(start, periods=len(cases))
    return pd.DataFrame({"date": days, "location": location, "new_cases": cases})


def by_name(built: list[marts.Built]) -> dict[str, marts.Built]:
    return {b.name: b for b in built}


# -- build ----------------------------------------------------------------------------------------


def test_every_mart_of_an_empty_lake_is_built_and_says_missing_never_zero(wards_lake):
    built = by_name(marts.build(wards_lake))
    assert list(built) == NAMES
    assert {n: b.rows for n, b in built.items()} == {
        "wards_week": 0,
        "tiles": len(wards_lake.mart("tiles")),
        "ward_shapes": 34,
        "systems": len(sectors.systems()) - 1,  # all but the settings
        "indicators": 0,
        "findings": len(wards_lake.mart("findings")),
        "readiness": len(wards_lake.mart("readiness")),
        "series": 0,
        "forecasts": 0,
        "scores": 0,
    }
    tiles = wards_lake.mart("tiles")
    assert len(tiles)
    assert tiles[["value", "previous", "date", "data_date"]].isna().all(axis=None)
    assert not tiles["simulated"].any()
    assert [len(h) for h in tiles["history"]] == [0] * len(tiles)


@pytest.mark.parametrize("mart", marts.MARTS, ids=NAMES)
def test_a_mart_has_its_declared_columns_with_data_and_without(mart, demo_lake, wards_lake):
    marts.build(wards_lake, [mart.name])
    for lake in (demo_lake, wards_lake):
        assert list(lake.mart(mart.name).columns) == list(mart.columns)


def test_a_lake_without_wards_is_one_sentence(lake):
    with pytest.raises(LakeError, match=r"geography\.wards"):
        marts.build(lake, ["wards_week"])


def test_a_second_build_reuses_everything(demo_copy):
    told: list[str] = []
    again = marts.build(demo_copy, progress=told.append)
    assert [b.name for b in again] == NAMES
    assert all(b.reused and b.seconds == 0 for b in again)
    assert told == []
    assert {b.name: b.rows for b in again} == {n: len(demo_copy.mart(n)) for n in NAMES}


def test_a_new_ingest_rebuilds_only_the_marts_that_read_its_table(demo_copy, take_in):
    sky = pd.DataFrame({"date": ["2021-10-25"], "temp_c": [30.0]})
    take_in(demo_copy, "geography.weather_daily", sky, set_columns={"location": "79"})
    fresh = {b.name for b in marts.build(demo_copy) if not b.reused}
    assert fresh == {n for n in NAMES if "geography.weather_daily" in SOURCES[n]}
    assert {"tiles", "indicators"} <= fresh
    assert not {"wards_week", "ward_shapes", "forecasts"} & fresh


def test_force_builds_what_is_up_to_date(demo_copy):
    assert not marts.build(demo_copy, ["tiles"], force=True)[0].reused


def test_other_code_rebuilds(demo_copy, monkeypatch):
    monkeypatch.setattr(marts, "_code", lambda: "changed")
    assert not marts.build(demo_copy, ["ward_shapes"])[0].reused


def test_only_builds_what_is_named(wards_lake):
    told: list[str] = []
    assert [b.name for b in marts.build(wards_lake, ["tiles"], progress=told.append)] == ["tiles"]
    assert told == ["tiles"]
    with pytest.raises(LakeError, match="ioc build"):
        wards_lake.mart("series")


def test_an_unknown_mart_is_named_with_the_nearest_and_nothing_is_built(wards_lake):
    with pytest.raises(ContractError, match=r"“ward_week”.*wards_week.*Known: "):
        marts.build(wards_lake, ["tiles", "ward_week"])
    with pytest.raises(LakeError):
        wards_lake.mart("tiles")


# -- wards_week -----------------------------------------------------------------------------------


@pytest.fixture
def two_wards(wards_lake, take_in) -> Lake:
    """One ward reports two weeks, another five days of the second week, 32 nothing at all."""
    rows = [
        daily(ONE, "2021-07-05", [1, 2, 3, 4, 5, 6, 7, *[10] * 7]),
        daily(OTHER, "2021-07-12", [1, 0, 2, 0, 1]),
    ]
    take_in(wards_lake, "epidemic.cases_daily", pd.concat(rows))
    marts.build(wards_lake, ["wards_week", "tiles"])
    return wards_lake


def test_every_week_has_every_ward_once(two_wards, demo_lake):
    for lake, weeks in ((two_wards, 2), (demo_lake, 26)):
        frame = lake.mart("wards_week")
        assert not frame.duplicated(["week", "ward_code"]).any()
        assert frame["week"].nunique() == weeks
        for _, week in frame.groupby("week"):
            assert sorted(week["ward_code"]) == list(ward_codes())
        assert (frame["week"].dt.dayofweek == 0).all()


def test_cases_and_rate_of_one_ward_by_hand(two_wards):
    rows = two_wards.mart("wards_week").set_index(["ward_code", "week"]).sort_index()
    people = pd.read_csv(REFERENCE / "wards.csv", dtype={"ward_code": str})
    people = people.set_index("ward_code")["population"]
    assert rows.loc[ONE, "cases"].tolist() == [28, 70]
    assert rows.loc[ONE, "coverage"].tolist() == [1, 1]
    assert rows.loc[ONE, "rate"].tolist() == pytest.approx(
        [28 / people[ONE] * 1e5, 70 / people[ONE] * 1e5]
    )
    assert rows.loc[ONE, "population"].tolist() == [people[ONE]] * 2


def test_missing_days_leave_a_partial_sum_that_says_so(two_wards):
    rows = two_wards.mart("wards_week").set_index(["ward_code", "week"]).sort_index()
    first, second = (rows.loc[(OTHER, pd.Timestamp(w))] for w in ("2021-07-05", "2021-07-12"))
    assert (second["cases"], second["coverage"]) == (4, pytest.approx(5 / 7))
    assert first["coverage"] == 0
    assert np.isnan([first["cases"], first["rate"]]).all()


def test_a_ward_that_never_reported_is_missing_and_not_zero(two_wards):
    rows = two_wards.mart("wards_week")
    never = rows[~rows["ward_code"].isin([ONE, OTHER])]
    assert len(never) == 32 * 2
    assert never[["cases", "rate"]].isna().all(axis=None)
    assert (never["coverage"] == 0).all()
    assert never["population"].notna().all()


def test_a_week_that_is_known_in_part_has_its_partial_sum(demo_lake):
    rows = demo_lake.mart("wards_week")
    known = demo_lake.read("epidemic.cases_daily")
    days = pd.to_datetime(known["date"])
    for _, row in rows[rows["week"] == rows["week"].max()].iterrows():
        here = known[(known["location"] == row["ward_code"]) & (days >= row["week"])]
        assert row["coverage"] == pytest.approx(len(here) / 7)
        assert row["cases"] == here["new_cases"].sum()


# -- tiles ----------------------------------------------------------------------------------------


def tile(lake: Lake, indicator: str, location: str) -> pd.Series:
    rows = lake.mart("tiles")
    rows = rows[(rows["indicator"] == indicator) & (rows["location"] == location)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_a_tile_by_hand(wards_lake, take_in):
    months = pd.DataFrame(
        {
            "month": ["2021-05", "2021-06", "2021-08", "2021-09"],
            "geo": "Việt Nam",
            "series": "retail_sales",
            "value": [100.0, 110.0, 90.0, 95.5],
            "unit": "tỷ đồng",
        }
    )
    take_in(wards_lake, "economy.monthly", months)
    marts.build(wards_lake, ["tiles"])
    row = tile(wards_lake, "economy.retail_sales", "VN")
    assert (row["value"], row["previous"]) == (95.5, 90)
    assert row["date"] == pd.Timestamp("2021-09-01")
    assert row["data_date"] == pd.Timestamp("2021-09-30")
    np.testing.assert_array_equal(row["history"], [100, 110, np.nan, 90, 95.5])


def test_the_period_before_is_missing_when_it_was_not_reported(wards_lake, take_in):
    months = pd.DataFrame(
        {
            "month": ["2021-07", "2021-09"],
            "geo": "Việt Nam",
            "series": "retail_sales",
            "value": [100.0, 95.5],
            "unit": "tỷ đồng",
        }
    )
    take_in(wards_lake, "economy.monthly", months)
    marts.build(wards_lake, ["tiles"])
    row = tile(wards_lake, "economy.retail_sales", "VN")
    assert row["value"] == 95.5
    assert np.isnan(row["previous"])


def test_a_tile_shows_the_newest_complete_week_and_the_newest_day(wards_lake, take_in):
    cases = daily("79", "2021-07-05", [1] * 7 + [2] * 7 + [9] * 3)
    take_in(wards_lake, "epidemic.cases_daily", cases)
    marts.build(wards_lake, ["tiles"])
    row = tile(wards_lake, "epidemic.new_cases", "79")
    assert (row["value"], row["previous"]) == (14, 7)
    assert row["date"] == pd.Timestamp("2021-07-12")
    assert row["data_date"] == pd.Timestamp("2021-07-21")
    assert row["history"].tolist() == [7, 14]


def test_the_city_has_no_value_while_wards_are_missing(two_wards):
    row = tile(two_wards, "epidemic.new_cases", CITY)
    assert np.isnan(row["value"])
    assert len(row["history"]) == 0


# -- simulated ------------------------------------------------------------------------------------


def test_the_sample_is_marked_as_simulated_everywhere(demo_lake):
    for name in ("wards_week", "tiles", "series", "forecasts", "scores"):
        assert demo_lake.mart(name)["simulated"].all(), name


def test_a_real_file_lifts_the_mark_of_its_own_table_only(demo_copy, take_in):
    take_in(demo_copy, "epidemic.cases_daily", daily(ONE, "2021-11-01", [3] * 7))
    marts.build(demo_copy, ["wards_week", "tiles", "series"])
    wards, series = demo_copy.mart("wards_week"), demo_copy.mart("series")
    assert not wards["simulated"].any()
    assert wards["week"].unique().tolist() == [pd.Timestamp("2021-11-01")]  # none beside the real
    assert not series.loc[series["target"].str.startswith("epidemic."), "simulated"].any()
    assert series.loc[series["target"].str.startswith("economy."), "simulated"].all()
    tiles = demo_copy.mart("tiles").dropna(subset="value").set_index("indicator")["simulated"]
    assert "economy.cpi_yoy" in tiles
    assert tiles[~tiles.index.str.startswith("epidemic.")].all()


# -- a system's page: indicators, systems, readiness, findings -------------------------------------

CLINICS = "health.ili_weekly"
PAGE = ["systems", "indicators", "readiness", "findings"]
MONDAYS = pd.date_range("2021-07-05", periods=3, freq="7D")


def figures(lake: Lake, indicator: str, location: str) -> pd.DataFrame:
    rows = lake.mart("indicators", where={"indicator": indicator, "location": location})
    return rows.set_index("date")


@pytest.fixture
def clinics(wards_lake: Lake) -> Lake:
    """One ward reports three weeks of visits, another two; 32 nothing. Nothing else is known."""
    weeks = [(ONE, 0, 200, 20), (ONE, 1, 100, 4), (ONE, 2, 100, 3), (OTHER, 0, 50, 5)]
    weeks += [(OTHER, 2, 50, 0)]
    put(
        wards_lake,
        CLINICS,
        [
            {"week_start": MONDAYS[w].date(), "location": place, "patients": seen, "ili": ill}
            for place, w, seen, ill in weeks
        ],
        as_of="2021-07-26",
    )
    marts.build(wards_lake, PAGE)
    return wards_lake


def test_an_indicator_by_hand(clinics):
    share = figures(clinics, "health.ili_share", ONE)
    assert share["value"].tolist() == [10, 4, 3]
    assert share["numerator"].tolist() == [20, 4, 3]
    assert share["denominator"].tolist() == [200, 100, 100]
    assert set(share["freq"]) == {"W"}
    assert set(share["system"]) == {"health"}
    assert set(share["data_date"]) == {pd.Timestamp("2021-07-25")}
    assert figures(clinics, "health.ili_share", OTHER).index.tolist() == [MONDAYS[0], MONDAYS[2]]


def test_the_city_of_two_wards_is_far_from_complete(clinics):
    city = figures(clinics, "health.ili_cases", CITY)
    assert city["value"].tolist() == [25, 4, 3]
    assert city["coverage"].tolist() == pytest.approx([2 / 34, 1 / 34, 2 / 34])


def test_an_indicator_whose_table_holds_nothing_is_left_out(clinics):
    held = set(clinics.mart("indicators")["indicator"])
    assert held == {"health.ili_cases", "health.ili_share"}


def test_one_system_is_read_without_the_others(demo_lake):
    every = demo_lake.mart("indicators")
    assert every["system"].is_monotonic_increasing
    for system in every["system"].unique():
        own = demo_lake.mart("indicators", where={"system": system})
        pd.testing.assert_frame_equal(
            own, every[every["system"] == system].reset_index(drop=True), check_dtype=False
        )
    assert demo_lake.mart("indicators", where={"system": "nothing"}).empty


@pytest.fixture
def weekly(wards_lake: Lake) -> Callable[..., Lake]:
    """A lake with so many cases of a ward on each Monday, and with thresholds of the city."""

    def make(rules: list[dict[str, object]], counts: list[int]) -> Lake:
        days = pd.date_range("2021-03-01", periods=len(counts), freq="7D")
        rows = [
            {
                "date": (day + pd.Timedelta(days=d)).date(),
                "location": ONE,
                "new_cases": 0 if d else n,
            }
            for day, n in zip(days, counts, strict=True)
            for d in range(7)
        ]
        put(wards_lake, "epidemic.cases_daily", rows, as_of="2021-12-31")
        if rules:
            put(wards_lake, "settings.thresholds", rules, as_of="2021-12-31")
        marts.build(wards_lake, ["indicators"])
        return wards_lake

    return make


def rule(**changes: object) -> dict[str, object]:
    row = {"indicator": "epidemic.new_cases", "method": "cut", "green": 5.0, "amber": 9.0}
    row |= {"target": 0.0, "basis": "proposed", "source": "a test", "valid_from": "2021-01-01"}
    return row | changes


def test_states_follow_the_thresholds_in_force(weekly):
    rows = figures(weekly([rule()], [5, 6, 9, 10]), "epidemic.new_cases", ONE)
    assert rows["state"].tolist() == ["green", "amber", "amber", "red"]
    assert set(rows["basis"]) == {"proposed"}
    assert rows[["green", "amber", "target"]].drop_duplicates().to_numpy().tolist() == [[5, 9, 0]]


def test_a_control_chart_looks_back_beyond_what_is_kept(weekly):
    counts = [100] * 71 + [131]  # mean 100: beyond 3 sigma
    chart = rule(method="cchart", green=None, amber=None, target=None)
    rows = figures(weekly([chart], counts), "epidemic.new_cases", ONE)
    assert len(rows) == 60
    assert rows["state"].tolist() == ["green"] * 59 + ["red"]


def test_an_indicator_without_thresholds_has_no_state(weekly):
    rows = figures(weekly([], [5, 6]), "epidemic.new_cases", ONE)
    assert rows[["state", "method", "basis"]].isna().all(axis=None)


def test_an_incomplete_period_has_no_state(weekly):
    lake = weekly([rule()], [5])
    late = {"date": pd.Timestamp("2021-03-08").date(), "location": ONE, "new_cases": 99}
    put(lake, "epidemic.cases_daily", [late], as_of="2021-12-31")
    marts.build(lake, ["indicators"])
    rows = figures(lake, "epidemic.new_cases", ONE)
    assert rows["value"].tolist() == [5, 99]
    assert rows["coverage"].tolist() == pytest.approx([1, 1 / 7])
    assert rows["state"].tolist() == ["green", None]
    assert set(rows["data_date"]) == {pd.Timestamp("2021-03-08")}  # not the week's end


def test_every_system_has_a_row_and_says_what_it_lacks(clinics):
    rows = clinics.mart("systems").set_index("system")
    assert list(rows.index) == [s for s in sectors.systems() if s != "settings"]
    health, silent = rows.loc["health"], rows.loc["traffic"]
    assert (health["tables_held"], health["rows"], health["with_data"]) == (1, 5, 2)
    assert (health["first"], health["last"]) == (MONDAYS[0], MONDAYS[2])
    assert health["known_on"] == pd.Timestamp("2021-07-26")
    assert health["with_data"] < health["indicators"]
    assert (silent["tables_held"], silent["rows"], silent["with_data"]) == (0, 0, 0)
    assert silent[["first", "last", "known_on"]].isna().all()
    assert rows["vi"].notna().all()


def test_a_system_that_falls_silent_leaves_the_others_their_figures(clinics, tmp_path):
    other = Lake(tmp_path / "other")
    other.ingest(REFERENCE / "wards.csv", "geography.wards")
    put(other, "epidemic.cases_daily", [{"date": "2021-07-05", "location": ONE, "new_cases": 1}])
    marts.build(other, PAGE)
    assert set(other.mart("indicators")["system"]) == {"epidemic"}
    assert other.mart("systems").set_index("system").loc["health", "tables_held"] == 0
    missing = other.mart("findings").query("check == 'no_data'")
    assert "health" in set(missing["system"])
    assert other.mart("readiness").query("system == 'health'")["overall"].isna().all()


def test_readiness_has_a_course_that_ends_on_the_newest_day(clinics):
    course = clinics.mart("readiness").query("system == 'health'").sort_values("as_of")
    assert course["as_of"].is_unique
    assert course["as_of"].iloc[-1] == pd.Timestamp("2021-07-26")
    assert (course["as_of"].diff().dropna() == pd.Timedelta(days=28)).all()
    assert course["overall"].iloc[:-1].isna().all()  # nothing was known before
    assert 0 <= course["overall"].iloc[-1] <= 100


def test_findings_quote_no_row(demo_lake):
    frame = demo_lake.mart("findings")
    assert "example" not in frame
    assert frame[["message_vi", "message_en"]].notna().all(axis=None)
    rank = frame["severity"].map({"error": 0, "warning": 1, "note": 2})
    assert rank.is_monotonic_increasing


AIR = """
from ioc_analytics.contracts import Column, Indicator, System, Table, location_columns

SYSTEM = System("environment", "Môi trường", "Environment")
TABLES = (
    Table(
        name="environment.air",
        vi="Không khí",
        en="Air",
        columns=(
            Column("date", "date", "Ngày", required=True),
            *location_columns(),
            Column("pm25", "number", "PM2.5", unit="µg/m³", minimum=0),
        ),
        key=("date", "location"),
        date="date",
        freq="D",
    ),
)
INDICATORS = (
    Indicator(
        id="environment.pm25",
        name_vi="Bụi mịn PM2.5",
        name_en="Fine dust PM2.5",
        unit="µg/m³",
        direction="lower",
        table="environment.air",
        numerator="pm25",
        denominator="1",
    ),
)
"""


@pytest.fixture
def air(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """A lake with a system that a file outside the package declares."""
    (tmp_path / "environment.py").write_text(AIR, encoding="utf-8")
    (tmp_path / "ioc.toml").write_text('[sectors]\nenvironment = "environment.py"\n')
    monkeypatch.setenv("IOC_CONFIG", str(tmp_path / "ioc.toml"))
    sectors.reload()
    lake.ingest(REFERENCE / "wards.csv", "geography.wards")
    days = pd.date_range("2021-07-05", periods=14)
    dust = [{"date": d.date(), "location": ONE, "pm25": 10.0 + n} for n, d in enumerate(days)]
    put(lake, "environment.air", dust)
    yield lake
    monkeypatch.undo()
    sectors.reload()


def test_a_system_outside_the_package_has_its_figures(air):
    marts.build(air, PAGE)
    rows = air.mart("indicators", where={"system": "environment"})
    assert rows.query("location == @ONE")["value"].tolist() == [
        13,
        20,
    ]  # means of 10 … 16 and 17 … 23
    row = air.mart("systems").set_index("system").loc["environment"]
    assert (row["vi"], row["with_data"], row["rows"]) == ("Môi trường", 1, 14)


def test_another_declaration_outside_the_package_rebuilds(air, tmp_path):
    marts.build(air, ["indicators", "ward_shapes"])
    assert all(b.reused for b in marts.build(air, ["indicators"]))
    (tmp_path / "environment.py").write_text(AIR.replace('"lower"', '"neutral"'), encoding="utf-8")
    assert not marts.build(air, ["indicators"])[0].reused


def test_thresholds_are_part_of_what_a_mart_is_computed_from(monkeypatch, tmp_path):
    folder = tmp_path / "reference"
    (folder / "thresholds").mkdir(parents=True)
    file = folder / "thresholds" / "health.csv"
    monkeypatch.setattr(marts, "REFERENCE", folder)
    seen = set()
    for text in ("green,85", "green,90"):
        file.write_text(text)
        seen.add(marts._code.__wrapped__())
    assert len(seen) == 2


def test_each_page_names_its_marts_and_the_overview_comes_first():
    assert list(marts.PAGES) == ["overview", "system", "forecast"]
    assert set().union(*map(set, marts.PAGES.values())) == set(NAMES)


def test_the_overview_is_built_alone(clinics):
    other = [b.name for b in marts.build(clinics, marts.PAGES["overview"])]
    assert other == ["wards_week", "tiles", "ward_shapes"]


# -- forecasts and scores -------------------------------------------------------------------------

KEY = ["target", "location"]


def test_forecasts_are_hub_quantiles_that_rise_and_are_not_negative(demo_lake):
    frame = demo_lake.mart("forecasts")
    assert set(frame["output_type"]) == {"quantile"}
    assert len(HUB_QUANTILES) == 23
    for _, rows in frame.groupby(["model_id", *KEY, "horizon"]):
        rows = rows.sort_values("output_type_id")
        assert rows["output_type_id"].to_numpy() == pytest.approx(HUB_QUANTILES)
        assert rows["value"].is_monotonic_increasing
    assert (frame["value"] >= 0).all()
    assert frame[["reference_date", "target_end_date"]].notna().all(axis=None)


def test_every_series_is_forecast_beyond_its_newest_complete_period(demo_lake):
    series, made = demo_lake.mart("series"), demo_lake.mart("forecasts")
    complete = series[series["coverage"] >= 1 - 1e-9].groupby(KEY)["target_end_date"].max()
    first = made.groupby(KEY)["target_end_date"].min()
    assert (first > complete.reindex(first.index)).all()
    assert {"naive"} < set(made["model_id"])


@pytest.fixture
def one_family(monkeypatch) -> None:
    """Forecast one ward by the baseline alone, so that a build takes no time."""
    family = outlook._Forecast("epidemic.new_cases", (ONE,), "W", 2, ("naive",))
    monkeypatch.setattr(outlook, "_FORECASTS", (family,))


@pytest.mark.usefixtures("one_family")
@pytest.mark.parametrize("days_of_last_week", [0, 6])
def test_models_never_see_an_incomplete_week(wards_lake, take_in, monkeypatch, days_of_last_week):
    seen: list[pd.DataFrame] = []
    forecast = forecasting.forecast

    def spied(observations: pd.DataFrame, *args: object, **options: object) -> pd.DataFrame:
        seen.append(observations)
        return forecast(observations, *args, **options)

    monkeypatch.setattr(forecasting, "forecast", spied)
    cases = [d // 7 for d in range(20 * 7)] + [1_000_000] * days_of_last_week
    take_in(wards_lake, "epidemic.cases_daily", daily(ONE, "2021-03-01", cases))
    marts.build(wards_lake, ["series", "forecasts"])
    assert [len(frame) for frame in seen] == [20]
    assert seen[0]["observation"].max() == 19 * 7
    series = wards_lake.mart("series")
    assert (series["coverage"] < 1).sum() == (days_of_last_week > 0)
    median = wards_lake.mart("forecasts").query("output_type_id == 0.5")["value"]
    assert median.tolist() == [19 * 7] * 2


@pytest.mark.usefixtures("one_family")
def test_a_short_series_is_not_forecast(wards_lake, take_in):
    cases = daily(ONE, "2021-03-01", [1] * 7 * (outlook._LEAST_PERIODS - 1))
    take_in(wards_lake, "epidemic.cases_daily", cases)
    assert [b.rows for b in marts.build(wards_lake, ["forecasts", "scores"])] == [0, 0]


def test_the_baseline_is_the_measure_of_every_model(demo_lake):
    board = demo_lake.mart("scores")
    naive = board[board["model_id"] == "naive"]
    assert naive["relative_wis"].to_numpy() == pytest.approx(1)
    assert not naive.duplicated(KEY).any()
    assert len(naive) == len(board[KEY].drop_duplicates())
    assert not naive["fallbacks"].any()
    both = board.merge(naive, on=KEY, suffixes=("", "_naive"))
    alike = both[both["n_common"] == both["n"]]
    ratio = alike["wis"] / alike["wis_naive"]
    assert alike["relative_wis"].to_numpy() == pytest.approx(ratio.to_numpy())


def test_scores_say_on_how_much_they_rest(demo_lake):
    board = demo_lake.mart("scores")
    assert (board["cutoffs"] >= 1).all()
    assert (board["fallbacks"].between(0, board["cutoffs"])).all()
    assert (board["n"] >= board["cutoffs"]).all()
    assert (board["coverage_50"] <= board["coverage_95"]).all()
    made = demo_lake.mart("forecasts")[["model_id", *KEY]].drop_duplicates()
    assert len(board.merge(made)) == len(board)


# -- one bad series must not cost the others theirs ------------------------------------------------


def _daily(values: dict[int, int | None], weeks: int) -> str:
    """Daily cases of the province from Monday 2021-01-04; a day in `values` as None has no row."""
    days = pd.date_range("2021-01-04", periods=7 * weeks)
    rows = [(day, values.get(n, 5)) for n, day in enumerate(days)]
    return "date,location,new_cases\n" + "".join(
        f"{day:%Y-%m-%d},79,{value}\n" for day, value in rows if value is not None
    )


def _clinics(weeks: int) -> str:
    mondays = pd.date_range("2021-01-04", periods=weeks, freq="7D")
    return "week_start,location,patients,ili\n" + "".join(
        f"{day:%Y-%m-%d},79,100,{10 + n % 7}\n" for n, day in enumerate(mondays)
    )


@pytest.mark.parametrize(
    ("values", "weeks", "told"),
    [
        ({14 * n: None for n in range(40)}, 80, "is not forecast"),  # no two weeks in a row
        ({7: None}, 24, None),  # only the second week does
        (dict.fromkeys(range(280), -1), 40, "is not forecast"),  # mostly corrections
    ],
    ids=["every second week incomplete", "second week incomplete", "mostly negative"],
)
def test_a_difficult_series_does_not_stop_the_build(lake, tmp_path, values, weeks, told):
    for name, table, text in (
        ("cases.csv", "epidemic.cases_daily", _daily(values, weeks)),
        ("ili.csv", "health.ili_weekly", _clinics(40)),
    ):
        (tmp_path / name).write_text(text)
        lake.ingest(tmp_path / name, table)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        patch.setattr(marts, "_CUTOFFS", 2)
        marts.build(lake, ["series", "forecasts", "scores"])
    assert "health.ili_cases" in set(lake.mart("forecasts")["target"])
    assert "health.ili_cases" in set(lake.mart("scores")["target"])
    messages = [str(w.message) for w in caught if told and told in str(w.message)]
    assert bool(messages) == bool(told)
    if not told:
        assert "epidemic.new_cases" in set(lake.mart("forecasts")["target"])


def test_the_wards_carry_the_last_day_on_which_any_of_them_reported(wards_lake, take_in):
    take_in(wards_lake, "epidemic.cases_daily", daily(ONE, "2021-07-05", [1] * 9))
    marts.build(wards_lake, ["wards_week"])
    assert set(wards_lake.mart("wards_week")["data_date"]) == {pd.Timestamp("2021-07-13")}
