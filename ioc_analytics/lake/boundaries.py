"""Where the wards lie: surveyed boundaries where the lake holds them, else a schematic map.

No boundary is shipped with the code. Each ward is known by its centroid and area alone; from these
plain facts a tessellation is computed that shows who lies where, beside whom and how large.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.optimize import brentq

from ioc_analytics.errors import ContractError
from ioc_analytics.lake.store import Store
from ioc_analytics.places import REFERENCE

__all__ = ["schematic_wards", "ward_shapes"]

_Points = NDArray[np.float64]
_Shapes = NDArray[np.object_]

_KM_PER_DEGREE_LON = 111.32  # at the equator, WGS84
_KM_PER_DEGREE_LAT = 110.61  # at 11° north, WGS84
_FAR_KM = 1000.0  # beyond any city
_SMOOTH = 0.7  # of a typical ward's radius; the outline has no bay that turns more sharply
_WEIGHT = 0.5  # 0 Voronoi, 1 discs; above 0.63 the smallest ward does not hold its own centroid
_GRID_KM = 1e-4  # corners are rounded to 10 cm, so that neighbours share them exactly

_VIEW_WIDTH = 1000.0  # units of the drawing; 1 unit is about 20 m
_MARGIN = 5.0
_TOLERANCE = 0.5  # units, half a pixel of a map 1000 pixels wide
_MAX_BYTES = 60_000


def schematic_wards(wards: pd.DataFrame | None = None) -> pd.DataFrame:
    """Schematic map of the wards, computed from their centroids and areas alone.

    *Outline*: each ward is a disc of its own area about its centroid; all discs are grown by one
    factor until their union, its bays filled, is as large as the wards together. *Cells*: the power
    diagram of the centroids in it. A point p belongs to the ward with the least
    ``|p - centroid|² - 0.5 r²``, ``π r² = area``: Voronoi cells, drawn larger for larger wards.

    Parameters
    ----------
    wards : DataFrame, optional
        `ward_code, name_vi, area_km2` (km², above 0), `lon, lat` (degrees, WGS84) of wards within
        one city. Default: the 34 wards of 2021.

    Returns
    -------
    DataFrame
        `ward_code, name_vi, area_km2` (of the cell, km²), `geometry` (WKB, WGS84), in the order
        given. Neighbours share their edges exactly, no two overlap, the union has no hole.

    Raises
    ------
    ContractError
        A column or value is missing, two wards share a centroid, or the wards are so scattered
        that their discs do not join to one outline.

    Notes
    -----
    Made for showing, not for measuring: no border is where the law has it, and a point (an
    address) must not be assigned to a ward by it. Cost: n² cuts, 0.05 s for 34 wards.

    Examples
    --------
    >>> cells = schematic_wards()
    >>> len(cells), round(cells["area_km2"].sum())
    (34, 212)
    >>> cells.set_index("ward_code").loc["26857", "name_vi"]
    'Long Phước'
    """
    if wards is None:
        wards = pd.read_csv(REFERENCE / "wards.csv", dtype={"ward_code": str})
    _require_wards(wards)
    degrees = wards[["lon", "lat"]].to_numpy(float)
    origin = degrees.mean(axis=0)
    scale = _km_per_degree(origin[1])
    sites = (degrees - origin) * scale
    radii = np.sqrt(wards["area_km2"].to_numpy(float) / np.pi)
    cells = _power_cells(sites, _WEIGHT * radii**2, _outline(sites, radii))
    cells = shapely.transform(cells, lambda p: np.round(p / _GRID_KM) * _GRID_KM)
    return pd.DataFrame(
        {
            "ward_code": wards["ward_code"].to_numpy(),
            "name_vi": wards["name_vi"].to_numpy(),
            "area_km2": shapely.area(cells).round(3),
            "geometry": shapely.to_wkb(shapely.transform(cells, lambda p: p / scale + origin)),
        }
    )


def ward_shapes(store: Store, as_of: str | dt.date | None = None) -> pd.DataFrame:
    """Ward outlines ready to draw: surveyed ones where the lake holds them, else schematic ones.

    Parameters
    ----------
    store : Store
        The lake; `geography.boundaries` is read if it holds data.
    as_of : date or ISO text, optional
        Boundaries as known on that day. Default: all that is known.

    Returns
    -------
    DataFrame
        A row for each ward, by code: `ward_code`; `kind` ("surveyed", or "schematic", which the
        page must say); `geometry` (GeoJSON text in a view box ``0 0 1000 view_height``, x to the
        east, y to the south, one scale for both; holes wind against outlines); `label_x, label_y`
        (the inner point farthest from the ward's border) and `label_radius` (that distance);
        `view_height`. All in units of the view box, about 20 m each.

    Notes
    -----
    Borders are simplified by half a unit, all together so that no gap opens between neighbours;
    by more where the outlines of all wards would exceed 60 kB.

    Examples
    --------
    >>> shapes = ward_shapes(Store("nothing/here"))
    >>> shapes["kind"].unique().tolist(), len(shapes), sum(map(len, shapes["geometry"])) < 60_000
    (['schematic'], 34, True)
    """
    wards = pd.DataFrame()
    if store.version("geography.boundaries") is not None:
        columns = ["ward_code", "geometry", "_simulated"]
        wards = store.read("geography.boundaries", as_of, columns=columns)
    kind = "surveyed"
    if wards.empty or wards["_simulated"].any():
        kind = "schematic"
        wards = schematic_wards() if wards.empty else wards
    wards = wards.sort_values("ward_code", ignore_index=True)
    shapes, height = _fit_view(shapely.from_wkb([bytes(g) for g in wards["geometry"]]))
    shapes, outlines = _light_outlines(shapes)
    room = shapely.maximum_inscribed_circle(shapes, tolerance=0.1)
    centre = shapely.get_point(room, 0)
    return pd.DataFrame(
        {
            "ward_code": wards["ward_code"],
            "kind": kind,
            "geometry": outlines,
            "label_x": shapely.get_x(centre).round(1),
            "label_y": shapely.get_y(centre).round(1),
            "label_radius": shapely.length(room).round(1),
            "view_height": height,
        }
    )


def _require_wards(wards: pd.DataFrame) -> None:
    """Refuse wards that no cell can be drawn for, by name."""
    for column in ("ward_code", "name_vi", "area_km2", "lon", "lat"):
        if column not in wards or wards[column].isna().any():
            raise ContractError(f"A schematic map needs “{column}” of each ward.")
    if (wards["area_km2"] <= 0).any():
        raise ContractError("A schematic map needs “area_km2” above 0 of each ward.")
    same = wards[wards.duplicated(["lon", "lat"], keep=False)]
    if len(same):
        names = ", ".join(same["name_vi"])
        raise ContractError(f"These wards share one centroid: {names}; correct lon and lat.")


def _km_per_degree(lat: float) -> _Points:
    """Kilometres per degree of longitude and latitude: the local equirectangular plane."""
    return np.array([_KM_PER_DEGREE_LON * np.cos(np.radians(lat)), _KM_PER_DEGREE_LAT])


def _outline(sites: _Points, radii: NDArray[np.float64]) -> Any:
    """Union of the discs, bays filled, the discs grown until its area is that of all wards."""
    points = shapely.points(sites)
    bend = _SMOOTH * float(np.sqrt(np.mean(radii**2)))

    def grown(factor: float) -> Any:
        discs = shapely.union_all(shapely.buffer(points, factor * radii))
        return shapely.buffer(shapely.buffer(discs, bend), -bend)

    wanted = float(np.pi * np.sum(radii**2))
    factor = brentq(lambda f: shapely.area(grown(f)) - wanted, 0.0, len(sites) ** 0.5, xtol=1e-6)
    outline = shapely.simplify(grown(factor), bend / 100)
    if outline.geom_type != "Polygon" or len(outline.interiors):
        raise ContractError("These wards lie too far apart for one schematic map.")
    return outline


def _power_cells(sites: _Points, weights: NDArray[np.float64], outline: Any) -> _Shapes:
    """Cut the outline along the line of equal power between each two sites."""
    cells = []
    for own, site in enumerate(sites):
        away = np.delete(sites - site, own, axis=0)
        gap = np.hypot(*away.T)[:, None]
        along = away / gap
        across = along[:, ::-1] * [-1, 1]
        lead = (weights[own] - np.delete(weights, own))[:, None]
        middle = site + along * (gap**2 + lead) / (2 * gap)
        corners = [
            middle + side * _FAR_KM * across - depth * _FAR_KM * along
            for side, depth in ((1, 0), (-1, 0), (-1, 1), (1, 1))
        ]
        halves = shapely.polygons(np.stack(corners, axis=1))
        cells.append(shapely.intersection_all([*halves, outline]))
    return np.array(cells, dtype=object)


def _fit_view(shapes: _Shapes) -> tuple[_Shapes, float]:
    """Shapes in degrees, placed in the view box; and its height."""
    west, south, east, north = shapely.total_bounds(shapes)
    km = _km_per_degree((south + north) / 2)
    unit = (_VIEW_WIDTH - 2 * _MARGIN) / ((east - west) * km[0])

    def place(degrees: _Points) -> _Points:  # rounded, so that equal corners stay equal
        return ((degrees - [west, north]) * km * [unit, -unit] + _MARGIN).round(2)

    return shapely.transform(shapes, place), float(
        np.ceil((north - south) * km[1] * unit + 2 * _MARGIN)
    )


def _light_outlines(shapes: _Shapes) -> tuple[_Shapes, list[str]]:
    """Simplify all shapes together until their GeoJSON is small enough to send."""
    tolerance = _TOLERANCE
    while True:
        simple = shapely.coverage_simplify(shapes, tolerance)
        simple = shapely.transform(simple, lambda p: p.round(1))
        texts = [str(t) for t in shapely.to_geojson(shapely.orient_polygons(simple))]
        if sum(map(len, texts)) <= _MAX_BYTES:
            return simple, texts
        tolerance *= 1.5
