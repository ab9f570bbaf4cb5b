"""Both figures as plotly widgets; plotly needs a browser for a static picture."""

import numpy as np
import plotly.graph_objects as go

from benchmarks.charts.data import BANDS, CASES_TITLE, COLOURS, WEEK_TITLE, Case

SHAPES = ("", "", "/", "\\", "x")
LAYOUT = {"template": "none", "showlegend": False}


def fan(case: Case) -> go.FigureWidget:
    """History line, forecast bands and median."""
    traces = []
    for percent, colour in BANDS.items():
        ends = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        x = case.fan["week"]
        traces.append(go.Scatter(x=x, y=case.fan[f"lo{percent}"], **ends))
        traces.append(
            go.Scatter(x=x, y=case.fan[f"hi{percent}"], fill="tonexty", fillcolor=colour, **ends)
        )
    traces.append(go.Scatter(x=case.history["week"], y=case.history["cases"], mode="lines"))
    traces.append(go.Scatter(x=case.fan["week"], y=case.fan["median"], mode="lines+markers"))
    figure = go.Figure(traces, LAYOUT)
    figure.update_layout(
        title=case.fan_title, xaxis_title=WEEK_TITLE, yaxis_title=CASES_TITLE, width=700, height=330
    )
    return go.FigureWidget(figure)


def wards(case: Case) -> go.FigureWidget:
    """Wards as filled traces with fill patterns, and a trace of numbers that takes clicks."""
    traces = []
    for row in case.wards.itertuples():
        part = max(getattr(row.geometry, "geoms", [row.geometry]), key=lambda p: p.area)
        lon, lat = np.asarray(part.exterior.coords).T
        shape = {"shape": SHAPES[row.level], "fgcolor": "#333", "bgcolor": COLOURS[row.level]}
        traces.append(
            go.Scatter(
                x=lon,
                y=lat,
                mode="lines",
                line={"color": "#555", "width": 0.6},
                fill="toself",
                fillcolor=COLOURS[row.level],
                fillpattern=shape if row.level > 1 else None,
                text=row.label,
                hoverinfo="text",
                hoveron="fills",
            )
        )
    points = [area.representative_point() for area in case.wards["geometry"]]
    traces.append(
        go.Scatter(
            x=[p.x for p in points],
            y=[p.y for p in points],
            mode="markers+text",
            marker={"opacity": 0, "size": 20},
            text=[str(level or "–") for level in case.wards["level"]],
            hovertext=case.wards["label"],
            customdata=case.wards["code"],
            hoverinfo="text",
        )
    )
    figure = go.Figure(traces, LAYOUT)
    hidden = {"visible": False}
    figure.update_layout(title=case.map_title, width=620, height=460, xaxis=hidden, yaxis=hidden)
    figure.update_yaxes(scaleanchor="x")
    return go.FigureWidget(figure)
