"""Both figures as Vega-Lite specifications written as plain dictionaries, without Altair.

The wards' fills refer to the patterns of `data.PATTERNS`; Vega's SVG renderer hands them through.
"""

import pandas as pd
import shapely

from benchmarks.charts.data import BANDS, CASES_TITLE, CLASSES, WEEK_TITLE, Case

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"  # a name; nothing is fetched


def fan(case: Case) -> dict:
    """History line, forecast bands and median."""
    week = {
        "field": "week", "type": "temporal", "title": WEEK_TITLE, "axis": {"format": "%m/%Y"},
    }  # fmt: skip
    tip = {"field": "tip"}

    def line(data: str, column: str, mark: dict) -> dict:
        y = {"field": column, "type": "quantitative", "title": CASES_TITLE}
        return {
            "data": {"name": data},
            "mark": {"type": "line"} | mark,
            "encoding": {"x": week, "y": y, "tooltip": tip, "description": tip},
        }

    bands = [
        {
            "data": {"name": "fan"},
            "mark": {"type": "area", "color": colour},
            "encoding": {
                "x": week,
                "y": {"field": f"lo{percent}", "type": "quantitative"},
                "y2": {"field": f"hi{percent}"},
            },
        }
        for percent, colour in BANDS.items()
    ]
    history = line("history", "cases", {"color": "#333", "point": {"opacity": 0, "size": 60}})
    median = line("fan", "median", {"color": "#08306b", "strokeDash": [5, 3], "point": True})
    return {
        "$schema": SCHEMA,
        "title": case.fan_title,
        "width": 640,
        "height": 260,
        "layer": [history, *bands, median],
        "datasets": {
            "history": _rows(case.history, "cases"),
            "fan": _rows(case.fan, "median"),
        },
    }


def _rows(frame: pd.DataFrame, column: str) -> list[dict]:
    """Give each row a tooltip, and its date a time: without one it would be read as UTC."""
    tip = frame["week"].dt.strftime("%d/%m/%Y") + ": " + frame[column].astype(str) + " ca"
    week = frame["week"].dt.strftime("%Y-%m-%dT00:00:00")
    return frame.assign(week=week, tip=tip).to_dict("records")


def wards(case: Case) -> dict:
    """Wards in classes of colour, pattern and number; a click selects."""
    areas, numbers = [], []
    for row in case.wards.itertuples():
        shape = {"type": "Feature", "geometry": shapely.geometry.mapping(row.geometry)}
        about = {"code": row.code, "label": row.label, "level": CLASSES[row.level]}
        areas.append(shape | about)
        point = row.geometry.representative_point()
        numbers.append({"lon": point.x, "lat": point.y, "n": str(row.level or "–")})
    paint = {
        "field": "level",
        "title": "Số ca",
        "scale": {"domain": CLASSES, "range": [f"url(#level{k})" for k in range(5)]},
        "legend": {"symbolType": "square", "symbolSize": 250, "symbolStrokeColor": "#555"},
    }
    label = {"field": "label"}
    polygons = {
        "data": {"name": "areas"},
        "params": [{"name": "ward", "select": {"type": "point", "fields": ["code"]}}],
        "mark": {"type": "geoshape", "stroke": "#555", "strokeWidth": 0.6},
        "encoding": {"fill": paint, "tooltip": label, "description": label},
    }
    labels = {
        "data": {"name": "numbers"},
        "mark": {"type": "text", "fontWeight": "bold", "tooltip": None},
        "encoding": {
            "longitude": {"field": "lon", "type": "quantitative"},
            "latitude": {"field": "lat", "type": "quantitative"},
            "text": {"field": "n"},
        },
    }
    return {
        "$schema": SCHEMA,
        "title": case.map_title,
        "width": 480,
        "height": 420,
        "projection": {"type": "identity", "reflectY": True},
        "layer": [polygons, labels],
        "datasets": {"areas": areas, "numbers": numbers},
    }
