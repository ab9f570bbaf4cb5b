"""Both figures as Vega-Lite specifications; the data stand beside the chart, by name.

The wards' fills are references to the patterns of `data.PATTERNS`, which Vega's SVG renderer
hands through: whoever shows the SVG adds the patterns.
"""

import altair as alt
import pandas as pd
import shapely

from benchmarks.charts.data import BANDS, CASES_TITLE, CLASSES, WEEK_TITLE, Case

Picture = tuple[alt.LayerChart, dict[str, list[dict]]]


def specification(chart: alt.LayerChart, datasets: dict[str, list[dict]]) -> dict:
    """Join chart and data here: Altair itself would check each vertex, which is slow."""
    return chart.to_dict() | {"datasets": datasets}


def fan(case: Case) -> Picture:
    """History line, forecast bands and median."""
    week = alt.X("week:T", title=WEEK_TITLE, axis=alt.Axis(format="%m/%Y"))
    history = (
        alt.Chart(alt.NamedData("history"))
        .mark_line(color="#333", point=alt.OverlayMarkDef(opacity=0, size=60))
        .encode(
            x=week,
            y=alt.Y("cases:Q", title=CASES_TITLE),
            tooltip="tip:N",
            description="tip:N",
        )
    )
    base = alt.Chart(alt.NamedData("fan")).encode(x=week)
    bands = [
        base.mark_area(color=colour).encode(y=alt.Y(f"lo{p}:Q"), y2=f"hi{p}:Q")
        for p, colour in BANDS.items()
    ]
    median = base.mark_line(color="#08306b", strokeDash=[5, 3], point=True).encode(
        y="median:Q", tooltip="tip:N", description="tip:N"
    )
    chart = alt.layer(history, *bands, median).properties(
        title=case.fan_title, width=640, height=260
    )
    return chart, {"history": _rows(case.history, "cases"), "fan": _rows(case.fan, "median")}


def _rows(frame: pd.DataFrame, column: str) -> list[dict]:
    """Rows with a tooltip; a date without a time would be read as UTC, so it gets one."""
    tip = frame["week"].dt.strftime("%d/%m/%Y") + ": " + frame[column].astype(str) + " ca"
    week = frame["week"].dt.strftime("%Y-%m-%dT00:00:00")
    return frame.assign(week=week, tip=tip).to_dict("records")


def wards(case: Case, *, links: bool = False) -> Picture:
    """Wards in classes of colour, stroke pattern and number; `links` makes each a link."""
    areas, numbers = [], []
    for row in case.wards.itertuples():
        about = {"code": row.code, "label": row.label, "level": CLASSES[row.level]}
        shape = {"type": "Feature", "geometry": shapely.geometry.mapping(row.geometry)}
        areas.append(shape | about)
        point = row.geometry.representative_point()
        numbers.append({"lon": point.x, "lat": point.y, "n": str(row.level or "–")})
    paint = alt.Fill(
        "level:N",
        title="Số ca",
        scale=alt.Scale(domain=list(CLASSES), range=[f"url(#level{k})" for k in range(5)]),
        legend=alt.Legend(symbolType="square", symbolSize=250, symbolStrokeColor="#555"),
    )
    polygons = (
        alt.Chart(alt.NamedData("areas"))
        .mark_geoshape(stroke="#555", strokeWidth=0.6)
        .encode(fill=paint, tooltip="label:N", description="label:N")
    )
    if links:
        polygons = polygons.transform_calculate(link="'#' + datum.code").encode(href="link:N")
    else:
        polygons = polygons.add_params(alt.selection_point(name="ward", fields=["code"]))
    labels = (
        alt.Chart(alt.NamedData("numbers"))
        .mark_text(fontWeight="bold", tooltip=None)
        .encode(longitude="lon:Q", latitude="lat:Q", text="n:N")
    )
    chart = (
        alt.layer(polygons, labels)
        .project(type="identity", reflectY=True)
        .properties(title=case.map_title, width=480, height=420)
    )
    return chart, {"areas": areas, "numbers": numbers}
