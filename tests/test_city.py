"""The simulated city: one seed one city, messy exports through the real door, nothing lost."""

import hashlib
import unicodedata

import numpy as np
import openpyxl
import pandas as pd
import pytest

from ioc_analytics import sectors
from ioc_analytics.contracts import Table
from ioc_analytics.demo import demo_state, load_city
from ioc_analytics.lake import open_lake
from ioc_analytics.places import ward_codes
from ioc_analytics.twin import World, exports, simulate_city, simulate_tables, write_exports
from ioc_analytics.twin.city import digest

_SMALL = {"start": "2021-06-01", "days": 60}
# Of `simulate_city(seed=1, **_SMALL)` under the locked versions; a change of the twin changes it.
_DIGEST = "7e8c705464703e265167a735e11e77d387a69a281a472969083d58e41ae944e6"


@pytest.fixture(scope="module")
def city():
    return simulate_city(seed=1, **_SMALL)


@pytest.fixture(scope="module")
def world():
    return World(1, **_SMALL)


# -- the tables -----------------------------------------------------------------------------------


def test_one_seed_gives_the_same_tables_to_the_last_digit(city):
    assert digest(simulate_city(seed=1, **_SMALL)[0]) == digest(city[0]) == _DIGEST


def test_another_seed_gives_another_city(city):
    other, _ = simulate_city(seed=2, **_SMALL)
    same = [name for name in city[0] if city[0][name].equals(other[name])]
    assert same == []


def test_every_system_of_the_city_is_simulated(city):
    drawn = {name.partition(".")[0] for name in city[0]}
    assert drawn == sectors.systems().keys() - {"settings"}


def test_tables_have_the_columns_and_unique_keys_of_their_contracts(city):
    for name, frame in city[0].items():
        table = sectors.table(name)
        assert set(frame.columns) <= {c.name for c in table.columns}, name
        assert not frame.duplicated(list(table.key)).any(), name


def test_the_truth_names_links_with_sign_and_lag_and_pairs_that_nothing_joins(city):
    links = city[1]["links"]
    assert set(links["kind"]) == {"cause", "common", "none"}
    assert set(links.loc[links["kind"] != "none", "sign"]) <= {-1, 1}
    assert (links["lag"] >= 0).all()
    known = sectors.indicators().keys()
    assert set(links["x"]) | set(links["y"]) <= known


def test_the_infection_tree_stands_beside_the_tables(city):
    assert {"infectee", "infector", "generation", "infected"} <= set(city[1]["tree"].columns)


# -- the exports ----------------------------------------------------------------------------------


def test_a_spreadsheet_has_merged_titles_vietnamese_headers_and_a_row_of_totals(world, tmp_path):
    tables = {"health.ili_weekly": simulate_tables(world, ["health"])["health.ili_weekly"]}
    first = next(write_exports(world, tables, tmp_path))
    sheet = openpyxl.load_workbook(first.path).active
    assert len(sheet.merged_cells.ranges) == 2
    assert "MÔ PHỎNG" in sheet["A1"].value
    assert [c.value for c in sheet[4]][:3] == ["STT", "Tuần bắt đầu", "Địa bàn"]
    assert sheet.cell(sheet.max_row, 1).value == "Tổng cộng"


def test_an_old_system_writes_windows_1258_with_names_of_wards(world, tmp_path):
    tables = {"procedures.monthly": simulate_tables(world, ["procedures"])["procedures.monthly"]}
    first = next(write_exports(world, tables, tmp_path))
    text = unicodedata.normalize("NFC", first.path.read_bytes().decode("cp1258"))
    with pytest.raises(UnicodeDecodeError):
        first.path.read_bytes().decode("utf-8")
    assert "Phường Linh Xuân" in text


def test_one_seed_writes_the_same_bytes(world, tmp_path):
    tables = simulate_tables(world, ["economy", "health"])
    written = [
        [hashlib.sha256(e.path.read_bytes()).hexdigest() for e in write_exports(world, tables, f)]
        for f in (tmp_path / "a", tmp_path / "b")
    ]
    assert written[0] == written[1]
    assert len(written[0]) > 10


def test_a_file_states_what_became_known_since_the_one_before(world, tmp_path):
    tables = simulate_tables(world, ["health"])
    frame = tables["health.notifiable_weekly"]
    exports = list(write_exports(world, {"health.notifiable_weekly": frame}, tmp_path))
    days = [pd.Timestamp(e.options["as_of"]) for e in exports]
    assert days == sorted(set(days))
    assert days[-1] <= world.end
    assert sum(e.rows for e in exports) >= len(frame.drop_duplicates(["week_start", "location"]))


# -- through the door -----------------------------------------------------------------------------


def _expected(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a simulated table as the lake should hold it, but for what the door changes."""
    kept = [c.name for c in table.columns if c.name in frame and c.kept and not c.personal]
    return frame[kept].sort_values(list(table.key), ignore_index=True)


@pytest.mark.parametrize(
    "name",
    [
        "economy.plan_monthly",  # spreadsheet, decimal commas
        "epidemic.cases_daily",  # several deliveries with revisions
        "education.attendance_daily",
        "health.notifiable_weekly",
        "procedures.monthly",  # Windows-1258
        "security.incidents",  # spreadsheet of events
        "traffic.accidents",
        "social_media.posts",
    ],
)
def test_the_lake_holds_exactly_what_was_simulated(city_lake, name):
    lake, tables = city_lake
    table = sectors.table(name)
    expected = _expected(table, tables[name])
    held = lake.read(name)[list(expected.columns)]
    held = held.sort_values(list(table.key), ignore_index=True)
    assert len(held) == len(expected)
    for column in expected:
        kind = table.column(column).kind
        if kind in ("date", "week", "month", "datetime"):
            minutes = pd.to_datetime(expected[column]).dt.floor("min")
            assert (pd.to_datetime(held[column]).dt.floor("min").eq(minutes) | minutes.isna()).all()
        elif kind in ("number", "integer"):
            np.testing.assert_allclose(
                held[column].astype(float), expected[column].astype(float), atol=6e-5
            )
        else:
            missing = expected[column].isna()
            assert (held[column].astype(str).eq(expected[column].astype(str)) | missing).all()


def test_only_repeated_rows_and_rows_of_totals_are_refused(city_lake):
    rejects = city_lake[0].rejects()
    repeated = rejects["reason"].str.startswith("repeats line")
    totals = rejects["reason"].eq("is missing")
    assert (repeated | totals).all()
    files = rejects[totals]["file"]
    assert files.str.endswith(".xlsx").all()
    assert rejects[totals].groupby("file")["line"].nunique().max() == 1


def test_every_table_of_the_city_is_in_and_marked_as_simulated(city_lake):
    lake, tables = city_lake
    status = lake.status().set_index("table")
    assert set(tables) <= set(status.index)
    assert status.drop(index="geography.wards")["simulated"].all()
    assert demo_state(lake) is not None


def test_loading_again_changes_nothing(city_lake, city_options, monkeypatch):
    lake, _ = city_lake
    monkeypatch.setattr(exports, "_MONTHS", 1)  # as the lake was filled
    monkeypatch.setattr(exports, "_WEEKS", 2)
    before = {name: lake.version(name) for name in lake.tables()}
    reports = load_city(lake, 0, ["economy"], **city_options)
    assert all(report.already for report in reports)
    assert {name: lake.version(name) for name in lake.tables()} == before


def test_without_one_system_the_others_still_give_a_panel(city_lake, tmp_path):
    """An indicator of the absent system is refused by name; the others do not notice."""
    lake = open_lake(tmp_path / "lake")
    load_city(lake, 0, ["weather"], start="2021-08-02", days=84)
    panel = lake.panel(["geography.rain", "geography.temperature"], "W", "city")
    assert panel.notna().any().all()
    assert "economy" not in {name.partition(".")[0] for name in lake.tables()}
    missing = [
        system
        for system in sectors.systems()
        if not any(t.startswith(system) for t in lake.tables())
    ]
    assert "economy" in missing


def test_the_panel_of_the_city_has_all_systems_by_week(city_lake):
    lake, _ = city_lake
    held = set(lake.tables())
    weekly = [
        i.id
        for i in sectors.indicators().values()
        if i.freq in "DW" and i.table in held and not i.parts
    ]
    panel = lake.panel(weekly, "W", "ward", start="2021-09-06", end="2021-10-11")
    assert len(weekly) >= 70
    assert panel.shape == (6, len(weekly) * 34)
    known = panel.notna().any().groupby(level="indicator").any()
    assert known.mean() > 0.9, known[~known].index.tolist()
    wards = panel["procedures.received"]
    city = lake.panel(["procedures.received"], "W", "city", start="2021-09-06", end="2021-10-11")
    assert (wards.sum(axis=1) <= city.iloc[:, 0]).all()  # offices of the city come on top
    assert list(wards.columns) == list(ward_codes())
