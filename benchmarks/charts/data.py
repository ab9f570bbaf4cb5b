"""The two pictures' made-up data: a weekly forecast and 34 wards with a value each."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

SCENARIOS = ("nền", "xấu")
LEVELS = (50, 80, 95)
BREAKS = (10, 20, 30)
CLASSES = ("chưa có dữ liệu", "1: dưới 10", "2: 10–19", "3: 20–29", "4: từ 30")
COLOURS = ("#d9d9d9", "#ffffcc", "#fecc5c", "#fd8d3c", "#e31a1c")
ANGLES = ((), (), (45,), (-45,), (45, -45))  # strokes of each class, degrees
STROKES = ("", "", "M0 6L6 0", "M0 0L6 6", "M0 6L6 0M0 0L6 6")
PATTERNS = "".join(
    f'<pattern id="level{k}" width="6" height="6" patternUnits="userSpaceOnUse">'
    f'<rect width="6" height="6" fill="{colour}"/>'
    f'<path d="{stroke}" stroke="#333" stroke-width=".5"/></pattern>'
    for k, (colour, stroke) in enumerate(zip(COLOURS, STROKES, strict=True))
)
PATTERNS = f"<defs>{PATTERNS}</defs>"
BANDS = {95: "#c6dbef", 80: "#9ecae1", 50: "#6baed6"}
WEEK_TITLE, CASES_TITLE = "Tuần bắt đầu", "Số ca mỗi tuần"


@dataclass(frozen=True)
class Case:
    """What both figures show under one scenario."""

    scenario: str
    history: pd.DataFrame  # week, cases
    fan: pd.DataFrame  # week, median, lo50, hi50, ...
    wards: pd.DataFrame  # code, name, value, level, label, geometry, hatch

    @property
    def fan_title(self) -> str:
        """Title of the fan chart."""
        return f"Sốt xuất huyết: dự báo 8 tuần, kịch bản {self.scenario}"

    @property
    def map_title(self) -> str:
        """Title of the map."""
        return f"Số ca theo phường, kịch bản {self.scenario}"


def hatch(area: shapely.Geometry, angles: tuple[int, ...], step: float) -> shapely.Geometry:
    """Parallel strokes inside an area: a pattern that any chart library can draw as lines."""
    reach = max(area.bounds[2] - area.bounds[0], area.bounds[3] - area.bounds[1])
    # Strokes start from a grid shared by all areas, so that neighbours' patterns line up.
    strokes = []
    for angle in np.radians(angles):
        along = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]])
        centre = np.array(area.centroid.coords[0])
        offsets = np.arange(-reach, reach, step) - (centre @ across) % step
        starts = centre + offsets[:, None] * across - reach * along
        strokes += [shapely.LineString([p, p + 2 * reach * along]) for p in starts]
    return shapely.intersection(shapely.MultiLineString(strokes), area)


def _polygons(n: int = 34) -> list[tuple[str, str, shapely.Geometry]]:
    """Ward polygons of `WARDS_GEOJSON`, else a Voronoi patchwork."""
    if path := os.environ.get("WARDS_GEOJSON"):
        features = json.loads(Path(path).read_text(encoding="utf-8"))["features"]
        return [
            (
                str(f["properties"]["ward_code"]),
                f["properties"]["name_vi"],
                shapely.from_geojson(json.dumps(f["geometry"])),
            )
            for f in features
        ]
    points = np.random.default_rng(0).uniform((106.7, 10.75), (106.9, 10.9), (n, 2))
    cells = shapely.voronoi_polygons(shapely.MultiPoint(points))
    frame = shapely.MultiPoint(points).envelope.buffer(0.01)
    return [
        (f"{90000 + i}", f"Phường {i + 1}", shapely.intersection(cell, frame).segmentize(0.001))
        for i, cell in enumerate(cells.geoms)
    ]


def make_case(scenario: str = SCENARIOS[0]) -> Case:
    """Seeded data; the second scenario is worse."""
    rng = np.random.default_rng(1)
    worse = 1.0 if scenario == SCENARIOS[0] else 1.4
    weeks = pd.date_range("2022-01-03", periods=156 + 8, freq="W-MON")
    level = 40 + 25 * np.sin(np.arange(164) * 2 * np.pi / 52)
    history = pd.DataFrame({"week": weeks[:156], "cases": rng.poisson(level[:156])})
    median = level[156:] * worse
    fan = pd.DataFrame({"week": weeks[156:], "median": median.round(1)})
    for percent, z in zip(LEVELS, (0.67, 1.28, 1.96), strict=True):
        spread = np.exp(z * 0.12 * np.sqrt(np.arange(1, 9)))
        fan[f"lo{percent}"] = (median / spread).round(1)
        fan[f"hi{percent}"] = (median * spread).round(1)
    rows = []
    for i, (code, name, area) in enumerate(_polygons()):
        value = int(rng.integers(0, 30) * worse)
        level_no = 0 if i % 11 == 5 else 1 + int(np.searchsorted(BREAKS, value, side="right"))
        text = "chưa có dữ liệu" if level_no == 0 else f"{value} ca"
        strokes = hatch(area, ANGLES[level_no], 0.003) if ANGLES[level_no] else None
        rows.append((code, name, level_no, f"{name} ({code}): {text}", area, strokes))
    columns = ["code", "name", "level", "label", "geometry", "hatch"]
    return Case(scenario, history, fan, pd.DataFrame(rows, columns=columns))
