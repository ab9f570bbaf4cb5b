"""The simulated map: yearly ward profiles and the layers of exposure, as files."""

import numpy as np
import pandas as pd
import pytest
import shapely
from frames import faults

from ioc_analytics.lake.layer_file import read_layer
from ioc_analytics.lake.layers import add_layer, features, layers
from ioc_analytics.lake.readers import read_bytes
from ioc_analytics.twin.layers import LINKS, simulate, write_layers
from ioc_analytics.twin.world import World

TABLE = "geography.ward_profile"


@pytest.fixture(scope="module")
def world():
    return World(seed=3, start="2021-06-01", days=240)


@pytest.fixture(scope="module")
def profile(world):
    return simulate(world)[TABLE]


@pytest.fixture(scope="module")
def exports(world, tmp_path_factory):
    return {e.path.stem.removesuffix("_mo_phong"): e
            for e in write_layers(world, tmp_path_factory.mktemp("layers"))}  # fmt: skip


def _read(export):
    return read_layer(export.path.name, read_bytes(export.path))


# -- ward profiles --------------------------------------------------------------------------------


def test_profiles_keep_to_their_contract(world, profile):
    assert faults(TABLE, profile, world) == []


def test_every_ward_has_a_profile_at_the_end_of_each_year(profile, world):
    ends = sorted(profile["date"].unique())
    assert [pd.Timestamp(d).year for d in ends] == [2017, 2018, 2019, 2020]
    assert profile.groupby("date")["location"].nunique().eq(34).all()
    assert (profile["_known"] - profile["date"]).unique().tolist() == [pd.Timedelta(days=45)]


def test_a_profile_that_is_not_issued_yet_is_not_known():
    world = World(seed=3, start="2021-06-01", days=230)  # to 16 January 2022
    assert simulate(world)[TABLE]["date"].max() == pd.Timestamp("2020-12-31")


def test_the_city_is_of_its_true_size(profile):
    city = profile[profile["date"] == "2020-12-31"].sum(numeric_only=True)
    assert 980_000 < city["residents"] < 1_060_000
    assert 0.15 < city["lodging_residents"] / city["residents"] < 0.40
    assert 2.0 < city["lodging_residents"] / city["lodging_rooms"] < 2.6
    assert 3.2 < city["residents"] / city["households"] < 3.8
    assert 5 < city["road_km"] / city["area_km2"] < 9


def test_what_is_true_of_a_ward_stays_true(profile):
    share = profile.assign(share=profile["lodging_residents"] / profile["residents"])
    wide = share.pivot(index="location", columns="date", values="share")
    assert wide.corr().to_numpy().min() > 0.95
    assert wide.iloc[:, 0].max() / wide.iloc[:, 0].min() > 3


def test_population_grows(profile):
    totals = profile.groupby("date")["residents"].sum()
    assert totals.pct_change().dropna().between(0.01, 0.04).all()


# -- layers ---------------------------------------------------------------------------------------


def test_the_layers_that_the_city_names_are_there(exports):
    assert set(exports) == {
        "day_tro",
        "khu_cong_nghiep",
        "khu_che_xuat",
        "khu_cong_nghe_cao",
        "cang",
        "ranh_gioi_tinh",
        "diem_phong_toa",
    }
    kinds = {name: _read(e).kind for name, e in exports.items()}
    assert kinds["day_tro"] == kinds["cang"] == kinds["diem_phong_toa"] == "point"
    assert kinds["khu_cong_nghiep"] == kinds["khu_cong_nghe_cao"] == "polygon"
    assert kinds["ranh_gioi_tinh"] == "line"


@pytest.mark.parametrize("name", ["day_tro", "khu_cong_nghiep"])
def test_some_come_in_the_city_s_own_coordinates(exports, name):
    assert str(_read(exports[name]).placed) == (
        "coordinates converted from EPSG:9210 to WGS84 (VN-2000 to WGS 84 (2); within 1 m)"
    )


def test_points_lie_in_the_disc_of_their_ward(world, exports):
    wards = world.wards.set_index("ward_code")
    rows = _read(exports["day_tro"]).rows
    codes = pd.Series(rows["properties"].to_pylist()).str.extract(r'"ma_phuong": "(\d+)"')[0]
    spots = shapely.get_coordinates(shapely.from_wkb(rows["geometry"].to_pylist()))
    km = (spots - wards.loc[codes, ["lon", "lat"]].to_numpy()) * (109.3, 110.6)
    radius = np.sqrt(wards.loc[codes, "area_km2"].to_numpy() / np.pi)
    assert (np.hypot(*km.T) <= 0.86 * radius).all()
    assert 1_000 < len(rows) < 2_500


def test_sites_have_the_size_that_they_state(exports):
    rows = _read(exports["khu_cong_nghe_cao"]).rows
    [shape] = shapely.from_wkb(rows["geometry"].to_pylist())
    hectares = shapely.area(shape) * 109.3 * 110.6 * 100
    stated = float(rows["properties"][0].as_py().split('"dt_ha": ')[1].split(",")[0])
    assert hectares == pytest.approx(stated, rel=0.03)


def test_borders_run_around_the_city_and_not_through_it(world, exports):
    lines = shapely.from_wkb(_read(exports["ranh_gioi_tinh"]).rows["geometry"].to_pylist())
    spots = shapely.points(world.wards[["lon", "lat"]].to_numpy(float))
    inside = shapely.convex_hull(shapely.multipoints(spots))
    assert not shapely.intersects(lines, inside).any()


def test_lockdown_points_stand_where_the_cases_are(world):
    sick = World(seed=3, start=world.start, days=world.days)
    cases = np.zeros((len(sick.dates), 34))
    cases[:, 5] = 50
    sick.signals["cases"] = cases
    from ioc_analytics.twin.layers import _lockdowns

    assert _lockdowns(sick)["ma_phuong"].value_counts(normalize=True).iloc[0] > 0.9
    assert _lockdowns(world)["ma_phuong"].nunique() > 20


def test_all_go_through_the_door_and_show_to_whom_they_are_made_for(exports, lake):
    for export in exports.values():
        report = add_layer(lake, export.path, simulated=True, **export.options)
        assert (report.rejected, report.already) == (0, False)
        assert add_layer(lake, export.path, simulated=True, **export.options).already
    seen = {a: set(layers(lake, a)["layer_id"]) for a in ("leader", "analyst")}
    assert seen["analyst"] - seen["leader"] == {"day_nha_tro", "diem_phong_toa"}
    assert len(seen["analyst"]) == 7
    assert layers(lake, "analyst")["simulated"].all()
    assert layers(lake, "analyst")["source"].str.contains("mô phỏng").all()
    assert features(lake, "cang")["name"].str.contains("mô phỏng").all()


# -- seeds ----------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(world, exports, tmp_path):
    again = write_layers(World(seed=3, start=world.start, days=world.days), tmp_path / "again")
    other = write_layers(World(seed=4, start=world.start, days=world.days), tmp_path / "other")
    for first, same, differs in zip(exports.values(), again, other, strict=True):
        assert read_bytes(first.path) == read_bytes(same.path)
        assert first.options == same.options
        if first.path.stem != "ranh_gioi_tinh_mo_phong":  # the wards' place is not drawn
            assert read_bytes(first.path) != read_bytes(differs.path)


def test_the_same_seed_gives_the_same_profile_and_another_one_another(world, profile):
    same = simulate(World(seed=3, start=world.start, days=world.days))[TABLE]
    pd.testing.assert_frame_equal(profile, same)
    other = simulate(World(seed=4, start=world.start, days=world.days))[TABLE]
    assert not profile["residents"].equals(other["residents"])


def test_no_link_is_planted():
    assert LINKS == ()
