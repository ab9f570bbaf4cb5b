"""Both figures as bqplot widgets; they are drawn only in a browser."""

import bqplot as bq
import numpy as np

from benchmarks.charts.data import BANDS, CASES_TITLE, COLOURS, WEEK_TITLE, Case


def fan(case: Case) -> bq.Figure:
    """History line, forecast bands and median."""
    scales = {"x": bq.DateScale(), "y": bq.LinearScale(min=0)}
    axes = [
        bq.Axis(scale=scales["x"], label=WEEK_TITLE, tick_format="%m/%Y"),
        bq.Axis(scale=scales["y"], label=CASES_TITLE, orientation="vertical"),
    ]
    week = case.fan["week"].to_numpy()
    marks = [
        bq.Lines(
            x=week,
            y=np.stack([case.fan[f"lo{p}"], case.fan[f"hi{p}"]]),
            fill="between",
            fill_colors=[colour],
            colors=[colour],
            scales=scales,
        )
        for p, colour in BANDS.items()
    ]
    tip = bq.Tooltip(fields=["x", "y"], labels=["Tuần", "Số ca"], formats=["%d/%m/%Y", ".0f"])
    marks.append(
        bq.Lines(x=case.history["week"], y=case.history["cases"], colors=["#333"], scales=scales)
    )
    marks.append(bq.Scatter(x=week, y=case.fan["median"].to_numpy(), scales=scales, tooltip=tip))
    return bq.Figure(marks=marks, axes=axes, title=case.fan_title)


def wards(case: Case) -> bq.Figure:
    """Wards as closed lines, strokes as lines, numbers as labels."""
    scales = {"x": bq.LinearScale(), "y": bq.LinearScale()}
    marks, strokes = [], []
    for row in case.wards.itertuples():
        part = max(getattr(row.geometry, "geoms", [row.geometry]), key=lambda p: p.area)
        lon, lat = np.asarray(part.exterior.coords).T
        marks.append(
            bq.Lines(
                x=lon,
                y=lat,
                colors=["#555"],
                stroke_width=0.6,
                fill="inside",
                fill_colors=[COLOURS[row.level]],
                labels=[row.label],
                tooltip=bq.Tooltip(fields=["name"], show_labels=False),
                scales=scales,
            )
        )
        if row.hatch is not None:
            for line in getattr(row.hatch, "geoms", [row.hatch]):
                strokes += [*line.coords, (np.nan, np.nan)]
    lon, lat = np.array(strokes).T
    marks.append(bq.Lines(x=lon, y=lat, colors=["#333"], stroke_width=0.5, scales=scales))
    points = [area.representative_point() for area in case.wards["geometry"]]
    numbers = bq.Label(
        x=[p.x for p in points],
        y=[p.y for p in points],
        text=[str(level or "–") for level in case.wards["level"]],
        colors=["black"],
        scales=scales,
    )
    return bq.Figure(marks=[*marks, numbers], title=case.map_title)
