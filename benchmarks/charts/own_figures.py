"""Both figures written as SVG text by hand, nothing but the standard library."""

from html import escape

import numpy as np
import pandas as pd

from benchmarks.charts.data import BANDS, CASES_TITLE, CLASSES, PATTERNS, WEEK_TITLE, Case


def _svg(width: int, height: int, title: str, body: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" aria-label="{escape(title)}" font-family="sans-serif"'
        f' font-size="11"><text x="{width / 2}" y="16" text-anchor="middle" font-size="13"'
        f' font-weight="bold">{escape(title)}</text>{"".join(body)}</svg>'
    )


def _path(x: np.ndarray, y: np.ndarray) -> str:
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))


def fan(case: Case) -> str:
    """History line, forecast bands and median."""
    left, right, top, bottom = 60, 690, 30, 280
    start, stop = case.history["week"].iloc[0], case.fan["week"].iloc[-1]
    step = 20
    ceiling = step * np.ceil(max(case.fan["hi95"].max(), case.history["cases"].max()) / step)

    def x_of(week):
        return left + (week - start) / (stop - start) * (right - left)

    def y_of(cases):
        return bottom - cases / ceiling * (bottom - top)

    body = []
    for tick in np.arange(0, ceiling + 1, step):
        y = y_of(tick)
        body.append(
            f'<path d="M{left} {y:.1f}H{right}" stroke="#ddd"/>'
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:.0f}</text>'
        )
    for week in pd.date_range(start, stop, freq="6MS"):
        body.append(
            f'<text x="{x_of(week):.1f}" y="{bottom + 16}" text-anchor="middle">{week:%m/%Y}</text>'
        )
    weeks = x_of(case.fan["week"]).to_numpy()
    for percent, colour in BANDS.items():
        lower, upper = y_of(case.fan[f"lo{percent}"]), y_of(case.fan[f"hi{percent}"])
        outline = _path(np.r_[weeks, weeks[::-1]], np.r_[upper, lower[::-1]])
        body.append(f'<path d="{outline}Z" fill="{colour}"/>')
    lines = ((case.history, "cases", "#333", ""), (case.fan, "median", "#08306b", "5 3"))
    for frame, column, colour, dash in lines:
        x, y = x_of(frame["week"]), y_of(frame[column])
        body.append(
            f'<path d="{_path(x, y)}" fill="none" stroke="{colour}" stroke-width="1.5"'
            f' stroke-dasharray="{dash}"/>'
        )
        for a, b, week, cases in zip(x, y, frame["week"], frame[column], strict=True):
            body.append(
                f'<circle cx="{a:.1f}" cy="{b:.1f}" r="5" fill="transparent"'
                f' data-tip="{week:%d/%m/%Y}: {cases} ca"/>'
            )
    body.append(
        f'<text x="{(left + right) / 2}" y="{bottom + 36}" text-anchor="middle">{WEEK_TITLE}'
        f'</text><text transform="translate(16 {(top + bottom) / 2}) rotate(-90)"'
        f' text-anchor="middle">{CASES_TITLE}</text>'
    )
    return _svg(700, 325, case.fan_title, body)


def wards(case: Case) -> str:
    """Wards in classes of colour, pattern and number; each is a link to its code."""
    west, south, east, north = _bounds(case)
    scale = min(480 / (east - west), 420 / (north - south))
    body, numbers = [PATTERNS], []
    for row in case.wards.itertuples():
        parts = getattr(row.geometry, "geoms", [row.geometry])
        rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
        outline = ""
        for ring in rings:
            lon, lat = np.asarray(ring.coords).T
            outline += _path((lon - west) * scale, 30 + (north - lat) * scale) + "Z"
        label = escape(row.label)
        body.append(
            f'<a href="#{row.code}" data-tip="{label}" aria-label="{label}"><path'
            f' d="{outline}" fill="url(#level{row.level})" fill-rule="evenodd" stroke="#555"'
            f' stroke-width=".6"/></a>'
        )
        point = row.geometry.representative_point()
        numbers.append(
            f'<text x="{(point.x - west) * scale:.1f}" y="{34 + (north - point.y) * scale:.1f}"'
            ' text-anchor="middle" font-weight="bold" pointer-events="none" stroke="white"'
            f' stroke-width="2" paint-order="stroke">{row.level or "–"}</text>'
        )
    legend = [
        f'<rect x="495" y="{40 + 20 * k}" width="14" height="14" fill="url(#level{k})"'
        f' stroke="#555"/><text x="515" y="{51 + 20 * k}">{name}</text>'
        for k, name in enumerate(CLASSES)
    ]
    return _svg(620, 460, case.map_title, body + numbers + legend)


def _bounds(case: Case) -> tuple[float, ...]:
    boxes = np.array([area.bounds for area in case.wards["geometry"]])
    return (*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0))
