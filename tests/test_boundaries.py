"""The ward map: schematic from centroids and areas, surveyed where the lake holds boundaries."""

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from ioc_analytics.errors import ContractError
from ioc_analytics.lake import Lake
from ioc_analytics.lake.boundaries import schematic_wards, ward_shapes
from ioc_analytics.places import REFERENCE, ward_codes

WARDS = pd.read_csv(REFERENCE / "wards.csv", dtype={"ward_code": str})


def _utm_km2(shapes: np.ndarray) -> np.ndarray:
    geopandas = pytest.importorskip("geopandas")
    return geopandas.GeoSeries(shapes, crs="EPSG:4326").to_crs("EPSG:32648").area.to_numpy() / 1e6


def _cells() -> np.ndarray:
    return shapely.from_wkb(schematic_wards()["geometry"].tolist())


def _drawn(outlines: pd.Series) -> np.ndarray:
    return shapely.from_geojson(outlines.tolist())


def _rings(outlines: pd.Series) -> list[int]:
    return [len(shapely.get_rings(shapely.get_parts(shape))) for shape in _drawn(outlines)]


def _overlap(shapes: np.ndarray) -> float:
    return sum(a.intersection(b).area for a, b in itertools.combinations(shapes, 2))


def _file(path: Path, shapes: list[object]) -> Path:
    features = [
        {"properties": {"ward_code": code}, "geometry": shapely.geometry.mapping(shape)}
        for code, shape in zip(WARDS["ward_code"], shapes, strict=True)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


# -- schematic ------------------------------------------------------------------------------------


def test_schematic_map_is_a_tessellation():
    cells = _cells()
    assert len(cells) == 34
    assert shapely.is_valid(cells).all()
    assert set(shapely.get_type_id(cells)) == {shapely.GeometryType.POLYGON}
    assert shapely.coverage_is_valid(cells)  # neighbours share their edges exactly
    assert _overlap(cells) == pytest.approx(0, abs=1e-15)
    union = shapely.union_all(cells)
    assert union.geom_type == "Polygon"
    assert len(union.interiors) == 0


def test_each_cell_holds_its_own_centroid_with_room():
    inside = shapely.buffer(_cells(), -50 / 111_000)  # 50 m
    assert shapely.contains_xy(inside, WARDS["lon"], WARDS["lat"]).all()


def test_cells_are_as_large_as_the_wards(capsys):
    frame = schematic_wards()
    measured = _utm_km2(shapely.from_wkb(frame["geometry"].tolist()))
    ranks = frame["area_km2"].corr(WARDS["area_km2"], method="spearman")
    ratio = frame["area_km2"] / WARDS["area_km2"]
    with capsys.disabled():
        print(
            f"\nschematic map: {frame['area_km2'].sum():.1f} km² (UTM {measured.sum():.1f}), "
            f"rank correlation of areas {ranks:.3f}, ratio {ratio.min():.2f} to {ratio.max():.2f}"
        )
    assert ranks > 0.93
    assert ratio.between(0.6, 2).all()
    assert frame["area_km2"].sum() == pytest.approx(WARDS["area_km2"].sum(), rel=0.01)
    assert frame["area_km2"].to_numpy() == pytest.approx(measured, rel=0.005)


def test_schematic_map_is_the_same_each_time_and_in_each_order_of_rows():
    frame = schematic_wards()
    pd.testing.assert_frame_equal(frame, schematic_wards())
    turned = schematic_wards(WARDS[::-1]).iloc[::-1].reset_index(drop=True)
    one, other = (shapely.from_wkb(f["geometry"].tolist()) for f in (frame, turned))
    differ = shapely.area(shapely.symmetric_difference(one, other)) / shapely.area(one)
    assert differ == pytest.approx(np.zeros(34), abs=0.01)


def test_equal_areas_give_voronoi_cells():
    lon, lat = np.meshgrid([106.70, 106.72, 106.74], [10.80, 10.82, 10.84])
    grid = pd.DataFrame({"lon": lon.ravel(), "lat": lat.ravel(), "area_km2": 4.8})
    grid["ward_code"] = grid["name_vi"] = [str(i) for i in range(9)]
    middle = shapely.from_wkb(schematic_wards(grid)["geometry"][4])
    assert middle.bounds == pytest.approx((106.71, 10.81, 106.73, 10.83), abs=1e-5)
    assert middle.area == pytest.approx(0.02**2, rel=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.drop(columns="lon"), "“lon”"),
        (lambda w: w.assign(lat=np.nan), "“lat”"),
        (lambda w: w.assign(area_km2=0.0), "above 0"),
        (lambda w: pd.concat([w, w.tail(1)]), "share one centroid: Thủ Thiêm, Thủ Thiêm"),
        (lambda w: w.assign(lon=w["lon"] * 10 - 960, area_km2=0.1), "too far apart"),
    ],
)
def test_wards_that_cannot_be_drawn_are_refused_with_the_reason(change, message):
    with pytest.raises(ContractError, match=message):
        schematic_wards(change(WARDS))


# -- drawing --------------------------------------------------------------------------------------


def _check_drawing(shapes: pd.DataFrame) -> None:
    drawn = _drawn(shapes["geometry"])
    assert shapes["ward_code"].tolist() == list(ward_codes())
    assert shapely.is_valid(drawn).all()
    assert shapely.coverage_is_valid(drawn)  # no gap, no overlap along shared borders
    assert shapely.contains_xy(drawn, shapes["label_x"], shapes["label_y"]).all()
    assert sum(len(p.encode()) for p in shapes["geometry"]) < 60_000
    west, north, east, south = shapely.total_bounds(drawn)
    assert (west, east) == pytest.approx((5, 995), abs=0.1)
    assert (north, south) == pytest.approx((5, shapes["view_height"][0] - 5), abs=1.1)


def test_without_boundaries_the_map_is_schematic(lake: Lake):
    shapes = ward_shapes(lake)
    assert set(shapes["kind"]) == {"schematic"}
    _check_drawing(shapes)


def test_drawing_keeps_directions_and_scale(lake: Lake):
    shapes = ward_shapes(lake).set_index("ward_code")
    drawn = pd.Series(_drawn(shapes["geometry"]), index=shapes.index)
    assert drawn["26794"].centroid.y < drawn["27112"].centroid.y  # Linh Xuân is north
    assert drawn["27118"].centroid.x < drawn["26857"].centroid.x  # Thủ Thiêm is west
    cells = schematic_wards().set_index("ward_code")["area_km2"]
    per_unit = cells.sum() / shapely.area(drawn.to_numpy()).sum()
    areas = shapely.area(drawn.to_numpy()) * per_unit
    assert areas == pytest.approx(cells[drawn.index].to_numpy(), rel=0.02)


def test_simulated_boundaries_are_not_called_surveyed(lake: Lake, tmp_path: Path):
    file = _file(tmp_path / "w.geojson", list(_cells()))
    lake.ingest(file, table="geography.boundaries", simulated=True)
    assert set(ward_shapes(lake)["kind"]) == {"schematic"}


def test_heavy_boundaries_with_holes_and_islands_become_light(lake: Lake, tmp_path: Path):
    cells = [shapely.segmentize(cell, 0.00002) for cell in _cells()]  # a corner every 2 m
    lake_shore = cells[11].centroid.buffer(0.002)
    cells[11] = cells[11].difference(lake_shore)
    cells[5] = shapely.union(cells[5], shapely.box(106.66, 10.86, 106.67, 10.87))
    file = _file(tmp_path / "w.geojson", cells)
    assert file.stat().st_size > 1_000_000
    lake.ingest(file, table="geography.boundaries", as_of="2021-10-23")
    shapes = ward_shapes(lake)
    assert set(shapes["kind"]) == {"surveyed"}
    _check_drawing(shapes)
    assert pd.Series(_rings(shapes["geometry"])).value_counts().to_dict() == {1: 32, 2: 2}


def test_boundaries_are_those_known_on_the_day(lake: Lake, tmp_path: Path):
    file = _file(tmp_path / "w.geojson", list(_cells()))
    lake.ingest(file, table="geography.boundaries", as_of="2021-10-23")
    assert ward_shapes(lake, as_of="2021-10-22")["kind"][0] == "schematic"
    assert ward_shapes(lake, as_of="2021-10-23")["kind"][0] == "surveyed"


@pytest.mark.real
def test_surveyed_boundaries(lake: Lake, real_data):
    report = lake.ingest(real_data("thuduc/wards.geojson"), table="geography.boundaries")
    assert (report.stored, report.rejected) == (34, 0)
    known = shapely.from_wkb([bytes(g) for g in lake.read("geography.boundaries")["geometry"]])
    assert shapely.is_valid(known).all()
    assert _utm_km2(known).sum() == pytest.approx(212.1, abs=0.05)
    shapes = ward_shapes(lake)
    assert set(shapes["kind"]) == {"surveyed"}
    _check_drawing(shapes)
    drawn = shapely.area(_drawn(shapes["geometry"]))
    assert drawn / drawn.sum() == pytest.approx(
        _utm_km2(known) / _utm_km2(known).sum(), rel=0.02
    )  # simplified, yet every ward as large as surveyed


@pytest.mark.real
def test_boundaries_that_do_not_match_exactly_still_draw(lake: Lake, real_data):
    lake.ingest(real_data("thuduc/wards_coarse.geojson"), table="geography.boundaries")
    shapes = ward_shapes(lake)
    drawn = _drawn(shapes["geometry"])
    assert len(drawn) == 34
    assert shapely.is_valid(drawn).all()
