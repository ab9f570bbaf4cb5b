"""The map of the simulated city: ward profiles by year, and layers as the city's offices send them.

Nothing here was surveyed. Positions are drawn inside discs of the wards' areas; which wards hold a
park, a zone or a port was chosen after the city's general plan.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.twin.world import Link, World

__all__ = ["LINKS", "LayerExport", "simulate", "write_layers"]

_Array = NDArray[np.float64]

LINKS: tuple[Link, ...] = ()  # a year's profile is too slow to lead or follow anything

_GROWTH = 0.022  # of the population in a year
_KNOWN_AFTER = 45  # days from the year's end until its profile is issued
_PERSONS_PER_ROOM, _ROOMS_PER_ROW = 2.3, 11.0
_KM_PER_DEGREE = (109.3, 110.6)  # of longitude and latitude at 10.8° north, WGS84
_INSIDE = 0.85  # of a ward disc's radius, in which positions are drawn
_SOURCE = "Dữ liệu mô phỏng - không phải số liệu thật"
_VN2000 = "EPSG:9210"  # TM-3, central meridian 105°45′
# Ward -> number of sites, and persons who work at one of them.
_PARKS = {"26797": 2, "27112": 1}
_ZONES = {"26794": 1, "26797": 1}
_HIGH_TECH = {"26836": 1}
_PORTS = {"27109": 2, "26866": 1, "26827": 1}
_JOBS = {"park": 9_000, "zone": 28_000, "high_tech": 42_000}
_LODGING_WARDS = ("26794", "26797", "26800", "26803", "26836", "26842", "26845", "26848")
_BIG_ROW = 20  # rooms from which a lodging row stands on the map
_NEIGHBOURS = {
    "Bình Dương": (0.25, 0.62),
    "Đồng Nai": (0.62, 1.12),
}  # half turns from west over north


@dataclass(frozen=True, slots=True)
class LayerExport:
    """A written layer and the options with which `lake.layers.add_layer` takes it in."""

    path: Path
    options: dict[str, Any]


def simulate(world: World) -> dict[str, pd.DataFrame]:
    """Draw the wards' profile at the end of each year of the city's life.

    Parameters
    ----------
    world : World
        Its wards' population is that of 2020.

    Returns
    -------
    dict of str to DataFrame
        `geography.ward_profile`: 34 rows for each year that is issued by the last day; `_known` is
        45 days after the year's end.

    Examples
    --------
    >>> rows = simulate(World(seed=1, start="2021-01-01", days=400))["geography.ward_profile"]
    >>> rows.groupby("date").size().to_dict()[pd.Timestamp("2020-12-31")]
    34
    """
    issued = world.end - pd.Timedelta(days=_KNOWN_AFTER)
    ends = pd.date_range(world.dates[0], issued, freq="YE")
    ward = _ward_traits(world)
    years = [_profile(world, ward, end) for end in ends]
    return {"geography.ward_profile": pd.concat(years, ignore_index=True)}


def write_layers(world: World, folder: str | Path) -> list[LayerExport]:
    """Write the layers of exposure as the city's offices would send them.

    Seven files: lodging rows (GeoPackage in VN-2000), industrial parks (Shapefile in VN-2000),
    export-processing zones, the high-tech park, ports, borders with other provinces and lockdown
    points (GeoJSON in WGS84).

    Parameters
    ----------
    world : World
        Lockdown points follow its `signals["cases"]` where they are set.
    folder : str or Path
        Created if absent; files of the same names are replaced.

    Returns
    -------
    list of LayerExport
        To be taken in with ``add_layer(lake, e.path, simulated=True, **e.options)``.

    Notes
    -----
    The same world gives the same bytes.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_layers(World(seed=1, start="2021-01-01", days=60), folder)
    >>> [e.path.name for e in files[:2]]
    ['day_tro_mo_phong.gpkg', 'khu_cong_nghiep_mo_phong.shp']
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    exports = []
    for file, make, write, words in _LAYERS:
        frame = make(world)
        path = folder / f"{file[0]}_mo_phong.{file[1]}"
        write(path, frame)
        day = _locked_on(world) if file[0] == "diem_phong_toa" else world.start
        told = dict(zip(("name", "name_en", "audience", "style"), words, strict=True))
        exports.append(LayerExport(path, {**told, "source": _SOURCE, "date": day, "as_of": day}))
    return exports


# -- ward profiles --------------------------------------------------------------------------------


def _ward_traits(world: World) -> pd.DataFrame:
    """Return what stays with a ward from year to year."""
    rng, n = world.rng("layers ward traits"), len(world.wards)
    lodging = np.where(world.wards["ward_code"].isin(_LODGING_WARDS), 0.36, 0.17)
    return pd.DataFrame(
        {
            "household_size": rng.normal(3.5, 0.15, n),
            "lodging": np.clip(lodging * rng.lognormal(0, 0.25, n), 0.02, 0.6),
            "jobs": world.wards["ward_code"].map(_jobs()).fillna(0).to_numpy(float),
            "green": rng.lognormal(-0.6, 0.7, n),  # m² a resident
            "schools": rng.lognormal(np.log(2.2), 0.25, n),  # for 10,000 residents
            "stations": rng.lognormal(np.log(1.6), 0.35, n),
            "roads": rng.lognormal(np.log(6.5), 0.35, n),  # km a km²
        }
    )


def _jobs() -> dict[str, float]:
    """Return the jobs in parks and zones by ward."""
    found: dict[str, float] = {}
    for kind, sites in (("park", _PARKS), ("zone", _ZONES), ("high_tech", _HIGH_TECH)):
        for code, number in sites.items():
            found[code] = found.get(code, 0.0) + number * _JOBS[kind]
    return found


def _profile(world: World, ward: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """Return the 34 rows of one year's end."""
    rng, n = world.rng(f"layers profile {end.year}"), len(ward)
    people = world.wards["population"].to_numpy(float) * (1 + _GROWTH) ** (end.year - 2020)
    people = people * rng.normal(1, 0.004, n)
    lodged = people * ward["lodging"].to_numpy() * rng.normal(1, 0.02, n)
    rooms = lodged / (_PERSONS_PER_ROOM * rng.normal(1, 0.03, n))
    figures = {
        "residents": people,
        "households": people / ward["household_size"],
        "lodging_rows": rooms / _ROOMS_PER_ROW,
        "lodging_rooms": rooms,
        "lodging_residents": lodged,
        "industrial_jobs": ward["jobs"] * (1 + 0.03 * (end.year - 2020)) * rng.normal(1, 0.02, n),
        "schools": np.maximum(ward["schools"] * people / 1e4, 1),
        "health_stations": np.maximum(ward["stations"] * people / 1e4, 1),
    }
    area = world.wards["area_km2"].to_numpy()
    return pd.DataFrame(
        {
            "date": end,
            "location": world.wards["ward_code"],
            **{name: np.rint(value).astype(np.int64) for name, value in figures.items()},
            "area_km2": area,
            "green_m2": (ward["green"] * people * 1.01 ** (end.year - 2020)).round(0),
            "road_km": (ward["roads"] * area * 1.005 ** (end.year - 2020)).round(2),
            "_known": end + pd.Timedelta(days=_KNOWN_AFTER),
        }
    )


# -- shapes of layers -----------------------------------------------------------------------------


def _positions(world: World, name: str, codes: NDArray[Any]) -> _Array:
    """Draw a position, longitude and latitude, inside the disc of each ward given; shape (n, 2)."""
    rng = world.rng(f"layers {name}")
    wards = world.wards.set_index("ward_code").loc[codes]
    radius = _INSIDE * np.sqrt(wards["area_km2"].to_numpy() / np.pi * rng.random(len(codes)))
    angle = rng.uniform(0, 2 * np.pi, len(codes))
    step = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]) / _KM_PER_DEGREE
    found: _Array = np.round(wards[["lon", "lat"]].to_numpy(float) + step, 6)
    return found


def _points(world: World, name: str, title: str, codes: NDArray[Any]) -> pd.DataFrame:
    """Return one named point for each ward given."""
    import shapely

    return pd.DataFrame(
        {
            "id": [f"{name}-{i + 1:04}" for i in range(len(codes))],
            "ten": [f"{title} mô phỏng {i + 1:04}" for i in range(len(codes))],
            "ma_phuong": codes,
            "geometry": shapely.points(_positions(world, name, codes)),
        }
    )


def _sites(name: str, title: str, sites: dict[str, int], hectares: float) -> Callable[..., Any]:
    """Return what draws sites of about an area, each a rounded patch in its ward."""

    def draw(world: World) -> pd.DataFrame:
        import shapely

        frame = _points(world, name, title, np.repeat(list(sites), list(sites.values())))
        size = hectares * world.rng(f"layers {name} size").lognormal(0, 0.2, len(frame))
        radius = np.sqrt(size / 100 / np.pi) / np.mean(_KM_PER_DEGREE)
        frame["loai"] = title
        frame["dt_ha"] = size.round(1)
        frame["geometry"] = shapely.set_precision(
            shapely.buffer(frame["geometry"].to_numpy(), radius, quad_segs=6), 1e-6
        )
        return frame

    return draw


def _lodging(world: World) -> pd.DataFrame:
    """Draw the large lodging rows of each ward."""
    rng = world.rng("layers lodging rows")
    wards = world.wards["population"].to_numpy(float) * _ward_traits(world)["lodging"].to_numpy()
    rows = rng.poisson(wards / _PERSONS_PER_ROOM / _ROOMS_PER_ROW)
    codes = np.repeat(world.wards["ward_code"].to_numpy(), rows)
    rooms = np.maximum(rng.geometric(1 / _ROOMS_PER_ROW, len(codes)), 2)
    big = rooms >= _BIG_ROW
    frame = _points(world, "tro", "Dãy trọ", codes[big])
    frame["so_phong"] = rooms[big]
    return frame


def _ports(world: World) -> pd.DataFrame:
    return _points(world, "cang", "Cảng", np.repeat(list(_PORTS), list(_PORTS.values())))


def _borders(world: World) -> pd.DataFrame:
    """Draw the border with each neighbour: a stretch of the line around all wards."""
    import shapely

    centre = world.wards[["lon", "lat"]].to_numpy(float)
    radii = np.sqrt(world.wards["area_km2"].to_numpy() / np.pi) / np.mean(_KM_PER_DEGREE)
    hull = shapely.convex_hull(shapely.union_all(shapely.buffer(shapely.points(centre), radii)))
    middle, reach = np.array(shapely.centroid(hull).coords[0]), 1.0
    lines = []
    for start, end in _NEIGHBOURS.values():
        angles = np.pi * (1 - np.linspace(start, end, 40))  # from west over north to east
        rays = middle + reach * np.column_stack([np.cos(angles), np.sin(angles)])
        ends = [
            shapely.intersection(shapely.linestrings([middle, ray]), hull).coords[-1]
            for ray in rays
        ]
        lines.append(shapely.linestrings(np.round(ends, 6)))
    return pd.DataFrame(
        {
            "id": [f"ranh-{i + 1}" for i in range(len(lines))],
            "ten": [f"Ranh giới mô phỏng với {name}" for name in _NEIGHBOURS],
            "loai": list(_NEIGHBOURS),
            "geometry": lines,
        }
    )


def _locked_on(world: World) -> str:
    """Return the day of the lockdown points: in the wave of 2021 where the city lives then."""
    wave = pd.Timestamp("2021-08-15")
    within = pd.Timestamp(world.start) <= wave <= world.end
    return str((wave if within else world.end).date())


def _lockdowns(world: World) -> pd.DataFrame:
    """Draw lockdown points, more of them in wards with more cases in the two weeks before."""
    rng, day = world.rng("layers lockdown points"), pd.Timestamp(_locked_on(world))
    at = int(world.dates.searchsorted(day))
    weights = world.wards["population"].to_numpy(float)
    cases = world.signals.get("cases")
    if cases is not None and cases[max(at - 13, 0) : at + 1].sum() > 0:
        weights = cases[max(at - 13, 0) : at + 1].sum(axis=0) + 0.1
    number = rng.poisson(120 * weights / weights.sum())
    frame = _points(
        world, "pt", "Điểm phong tỏa", np.repeat(world.wards["ward_code"].to_numpy(), number)
    )
    frame["loai"] = rng.choice(["hẻm", "chung cư", "khu trọ", "hộ gia đình"], len(frame))
    began = day - pd.to_timedelta(rng.integers(0, 14, len(frame)), unit="D")
    frame["phong_toa_tu"] = began.strftime("%Y-%m-%d")
    frame["so_ho"] = rng.geometric(1 / 25, len(frame))
    return frame


# -- files ----------------------------------------------------------------------------------------


def _write_geojson(path: Path, frame: pd.DataFrame) -> None:
    import shapely

    columns = [c for c in frame.columns if c != "geometry"]
    features = [
        {
            "type": "Feature",
            "properties": dict(zip(columns, row, strict=True)),
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for row, shape in zip(
            frame[columns].astype(object).to_numpy().tolist(), frame["geometry"], strict=True
        )
    ]
    content = {"type": "FeatureCollection", "features": features}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text, encoding="utf-8", newline="")


def _write_vn2000(path: Path, frame: pd.DataFrame) -> None:
    """Write a GeoPackage or a Shapefile in the city's own coordinates, the same bytes each time."""
    import pyogrio.raw
    import pyproj
    import shapely
    from pyproj.transformer import TransformerGroup

    pyproj.network.set_network_enabled(active=False)
    back = TransformerGroup(_VN2000, "EPSG:4326", always_xy=True).transformers[0]

    def move(points: _Array) -> _Array:
        x, y = back.transform(points[:, 0], points[:, 1], direction="INVERSE")
        return np.column_stack([x, y]).round(3)

    shapes = shapely.transform(frame["geometry"].to_numpy(), move)
    columns = [c for c in frame.columns if c != "geometry"]
    shapefile = path.suffix == ".shp"
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2021-01-01T00:00:00.000Z"})
    try:
        pyogrio.raw.write(
            path,
            np.asarray(shapely.to_wkb(shapes), dtype=object),
            [frame[c].to_numpy(object if frame[c].dtype.kind == "O" else None) for c in columns],
            columns,
            geometry_type=str(shapes[0].geom_type),
            crs=_VN2000,
            encoding="UTF-8",
            layer_options={"DBF_DATE_LAST_UPDATE": "2021-01-01"} if shapefile else None,
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


_Make = Callable[[World], pd.DataFrame]
_Write = Callable[[Path, pd.DataFrame], None]
_LAYERS: tuple[tuple[tuple[str, str], _Make, _Write, tuple[str, str, str, str]], ...] = (
    (
        ("day_tro", "gpkg"),
        _lodging,
        _write_vn2000,
        ("Dãy nhà trọ", "Lodging rows", "analyst", "colour=#8c510a symbol=square"),
    ),
    (
        ("khu_cong_nghiep", "shp"),
        _sites("kcn", "Khu công nghiệp", _PARKS, 60),
        _write_vn2000,
        ("Khu công nghiệp", "Industrial parks", "leader", "colour=#5e3c99 line=solid"),
    ),
    (
        ("khu_che_xuat", "geojson"),
        _sites("kcx", "Khu chế xuất", _ZONES, 62),
        _write_geojson,
        ("Khu chế xuất", "Export-processing zones", "leader", "colour=#b35806 line=dashed"),
    ),
    (
        ("khu_cong_nghe_cao", "geojson"),
        _sites("kcnc", "Khu công nghệ cao", _HIGH_TECH, 300),
        _write_geojson,
        ("Khu công nghệ cao", "High-tech park", "leader", "colour=#01665e line=solid"),
    ),
    (
        ("cang", "geojson"),
        _ports,
        _write_geojson,
        ("Cảng", "Ports", "leader", "colour=#2166ac symbol=triangle"),
    ),
    (
        ("ranh_gioi_tinh", "geojson"),
        _borders,
        _write_geojson,
        (
            "Ranh giới với tỉnh khác",
            "Borders with other provinces",
            "leader",
            "colour=#4d4d4d line=dotted",
        ),
    ),
    (
        ("diem_phong_toa", "geojson"),
        _lockdowns,
        _write_geojson,
        ("Điểm phong tỏa", "Lockdown points", "analyst", "colour=#b2182b symbol=cross"),
    ),
)
