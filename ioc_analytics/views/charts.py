"""Charts as Vega-Lite specifications: one for the live page, the printed report and the tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

import pandas as pd

from ioc_analytics.views.i18n import Language

__all__ = [
    "PATTERNS",
    "fan_chart",
    "rows_of",
    "sparkline",
    "state_chart",
    "to_svg",
    "trend_chart",
    "ward_map",
]

Spec = dict[str, Any]

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"  # a name; nothing is fetched
_TICKS = 13  # dates that fit under a chart
_DATES = {"W": "%d/%m/%y", "M": "%m/%Y", "Q": "%m/%Y", "Y": "%Y"}
_INK, _ACCENT, _GRID = "#1f2933", "#0b4f8a", "#e4e7eb"
_INCOMPLETE = "#b45309"
_BAND_COLOURS = {95: "#cfe0f1", 80: "#9fc4e4", 50: "#5f9bcf"}
# One hue, light to dark: the colours of the law (green to red) are kept for epidemic levels.
_STATE_COLOURS = {"green": "#e2f1e0", "amber": "#fcefc9", "red": "#f8dcd8"}
_RATE_COLOURS = ("#f1f1f1", "#eef4fa", "#bcd5ea", "#6aa3d0", "#1c5d99")


def _patterns() -> str:
    """Return SVG fills for “no data” and rate bands 1 to 4: colour and a hatching of its own."""
    lines = (
        '<circle cx="4" cy="4" r="1" fill="#9aa5b1"/>',
        "",
        '<path d="M0 8L8 0" stroke="#5b7d9c" stroke-width="0.8"/>',
        '<path d="M0 8L8 0M-2 2L2 -2M6 10L10 6M0 4L4 0M4 8L8 4" stroke="#2b5a85" '
        'stroke-width="0.8"/>',
        '<path d="M0 8L8 0M0 0L8 8" stroke="#0a2f52" stroke-width="0.9"/>',
    )
    fills = "".join(
        f'<pattern id="ioc-band-{n}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="{colour}"/>{line}</pattern>'
        for n, (colour, line) in enumerate(zip(_RATE_COLOURS, lines, strict=True))
    )
    return f"<defs>{fills}</defs>"


PATTERNS = _patterns()


def fan_chart(
    history: pd.DataFrame, fan: pd.DataFrame, *, title: str, unit: str, language: Language
) -> Spec:
    """Return history with what comes next: median and the 50, 80 and 95 % intervals.

    Parameters
    ----------
    history : DataFrame
        `date, value, complete`; incomplete periods are drawn hollow and apart from the line.
    fan : DataFrame
        `date, median, lo50, hi50, lo80, hi80, lo95, hi95`; may be empty.
    title, unit : str
        Subject of the chart and unit of its values.
    language : Language

    Returns
    -------
    dict
        Vega-Lite specification with its data.
    """
    text = language.text
    complete = history["complete"].astype(bool)
    whole = history.assign(value=history["value"].where(complete))
    broken = history[~complete & history["value"].notna()]
    broken_tips = [
        f"{tip} ({text('incomplete').lower()})" for tip in _tips(broken, "value", unit, language)
    ]
    dates = pd.concat([history["date"], fan["date"]]) if len(fan) else history["date"]
    return _spec(
        title,
        340,
        _fan_layers(_time(dates), unit, language, has_incomplete=len(broken) > 0),
        history=_records(whole, _tips(whole, "value", unit, language)),
        incomplete=_records(broken, broken_tips),
        fan=_records(fan, _fan_tips(fan, unit, language)),
    )


def _fan_layers(time: Spec, unit: str, language: Language, *, has_incomplete: bool) -> list[Spec]:
    """Return the layers of a fan chart, from the widest band to the points on top."""
    labels = {
        "band_95": _BAND_COLOURS[95],
        "band_80": _BAND_COLOURS[80],
        "band_50": _BAND_COLOURS[50],
        "median": _ACCENT,
        "history": _INK,
    }
    if has_incomplete:
        labels["incomplete"] = _INCOMPLETE
    words = [language.text(key) for key in labels]
    scale = {"domain": words, "range": list(labels.values())}

    def layer(data: str, key: str, field: str, mark: Spec, **more: Spec) -> Spec:
        colour = _label(language.text(key), scale)
        return _layer(data, mark, x=time, y=_value(field, unit), color=colour, **more)

    tip = {"field": "tip"}
    bands = [
        layer("fan", f"band_{n}", f"lo{n}", {"type": "area"}, y2={"field": f"hi{n}"})
        for n in (95, 80, 50)
    ]
    line = {"type": "line", "strokeWidth": 1.8, "point": {"size": 16, "filled": True}}
    dashed = {"type": "line", "strokeDash": [6, 3], "point": {"size": 45, "filled": True}}
    hollow = {"type": "point", "size": 60, "opacity": 1, "fill": "white"}
    return [
        *bands,
        layer("history", "history", "value", line, tooltip=tip),
        layer("fan", "median", "median", dashed, tooltip=tip, description=tip),
        layer("incomplete", "incomplete", "value", hollow, tooltip=tip),
    ]


def trend_chart(series: pd.DataFrame, *, title: str, unit: str, language: Language) -> Spec:
    """Return bars of one series (`date, value`); missing periods stay empty."""
    time = _time(series["date"]) | {"scale": {"padding": 14}}  # room for the outer bars
    bars = _layer(
        "series",
        {"type": "bar", "color": "#5f9bcf", "size": {"expr": f"0.7 * width / {len(series) or 1}"}},
        x=time,
        y=_value("value", unit),
        tooltip={"field": "tip"},
        description={"field": "tip"},
    )
    data = _records(series, _tips(series, "value", unit, language))
    return _spec(title, 180, [bars], series=data)


def state_chart(
    series: pd.DataFrame,
    *,
    title: str,
    unit: str,
    higher: bool,
    language: Language,
    freq: str = "W",
) -> Spec:
    """Return one series as a line over the bands of its states.

    Parameters
    ----------
    series : DataFrame
        `date, value, complete, green, amber`; incomplete periods are drawn hollow and apart from
        the line, missing ones are gaps. `green` and `amber` are the bounds that a value must reach
        in that period, NaN where none was in force.
    title, unit : str
        Subject of the chart and unit of its values.
    higher : bool
        Whether higher is better, so that the bands lie the right way round.
    language : Language
    freq : {"W", "M", "Q", "Y"}
        Length of a period, for its name.

    Returns
    -------
    dict
        Vega-Lite specification with its data.
    """
    low, high = _value_range(series)
    scale = {"domain": [low, high], "nice": False, "zero": False}
    complete = series["complete"].astype(bool)
    whole = series.assign(value=series["value"].where(complete))
    broken = series[~complete & series["value"].notna()]
    doubt = f" ({language.text('incomplete').lower()})"
    time, value = (
        _time(series["date"], _DATES.get(freq, _DATES["W"])),
        _value("value", unit) | {"scale": scale},
    )
    tip = {"field": "tip"}
    line = {"type": "line", "strokeWidth": 2, "point": {"size": 22, "filled": True}}
    hollow = {"type": "point", "size": 60, "opacity": 1, "fill": "white", "color": _INCOMPLETE}
    bands = _state_bands(series, low, high, higher, language)
    layers = [
        *(_state_layers(time, scale) if bands else []),
        _layer("series", line | {"color": _ACCENT}, x=time, y=value, tooltip=tip, description=tip),
    ]
    plain = ["date", "value"]
    data = {"series": _records(whole[plain], _period_tips(whole, unit, freq, language))}
    if len(broken):
        layers.append(_layer("incomplete", hollow, x=time, y=value, tooltip=tip))
        told = [tip + doubt for tip in _period_tips(broken, unit, freq, language)]
        data["incomplete"] = _records(broken[plain], told)
    return _spec(title, 300, layers, **data, **({"bands": bands} if bands else {}))


def _value_range(series: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the value axis: all values and bounds, from 0 where that is not far."""
    seen = pd.concat([series["value"], series["green"], series["amber"]]).dropna()
    low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)
    pad = 0.08 * (high - low) or 0.08 * abs(high) or 1.0
    near_zero = low >= 0 and low < 0.6 * high
    return 0.0 if near_zero or low == 0 else low - pad, high + pad


def _state_bands(
    series: pd.DataFrame, low: float, high: float, higher: bool, language: Language
) -> list[Spec]:
    """Return a rectangle for each state and each run of periods under the same bounds."""
    days = pd.to_datetime(series["date"]).reset_index(drop=True)
    bounds = series[["green", "amber"]].reset_index(drop=True)
    run = (bounds.ne(bounds.shift()) & ~(bounds.isna() & bounds.shift().isna())).any(axis=1)
    rects = []
    for _, part in bounds.groupby(run.cumsum()):
        green, amber = part.iloc[0]
        if green != green or amber != amber:
            continue
        first, last = part.index[0], min(part.index[-1] + 1, len(days) - 1)
        edges = [high, green, amber, low] if higher else [low, green, amber, high]
        spans = zip(("green", "amber", "red"), edges, edges[1:], strict=False)
        rects += [
            {
                "date": f"{days[first]:%Y-%m-%dT00:00:00}",
                "end": f"{days[last]:%Y-%m-%dT00:00:00}",
                "from": min(one, other),
                "to": max(one, other),
                "middle": (one + other) / 2,
                "state": state,
                "label": language.text(f"band_state_{state}"),
            }
            for state, one, other in spans
            if one != other
        ]
    return rects


def _state_layers(time: Spec, scale: Spec) -> list[Spec]:
    """Return the bands and their names."""
    fill = {
        "field": "state",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(_STATE_COLOURS), "range": list(_STATE_COLOURS.values())},
    }
    span = {"field": "from", "type": "quantitative", "scale": scale}
    ends = {"x2": {"field": "end"}, "y2": {"field": "to"}}
    name = {"type": "text", "align": "left", "dx": 4, "fontSize": 11, "color": "#3e4c59"}
    middle = {"field": "middle", "type": "quantitative", "scale": scale}
    return [
        _layer("bands", {"type": "rect"}, x=time, y=span, color=fill, **ends),
        _layer("bands", name, x=time, y=middle, text={"field": "label"}),
    ]


def ward_map(wards: pd.DataFrame, *, title: str, bands: list[str], selected: str = "") -> Spec:
    """Return the wards coloured by band, each band with a hatching and a number of its own.

    Parameters
    ----------
    wards : DataFrame
        `ward_code, name, band (0 = no data, 1 to 4), partial (days are missing: the band is a
        lower bound, written ≥), tip, geometry (GeoJSON text, x to the east, y to the south),
        label_x, label_y, label_radius`.
    title : str
        Subject of the map.
    bands : list of str
        Names of “no data” and of up to four bands, for the legend.
    selected : str
        Code of the ward that is outlined.

    Returns
    -------
    dict
        Vega-Lite specification; a click on a ward sets the signal `ward`.
    """
    shapes = [
        {
            "type": "Feature",
            "geometry": json.loads(row.geometry),
            "code": row.ward_code,
            "band": bands[row.band],
            "tip": row.tip,
            "chosen": row.ward_code == selected,
        }
        for row in rows_of(wards)
    ]
    numbers = [
        {
            "x": row.label_x,
            "y": row.label_y,
            "number": f"≥{row.band}" if row.partial else str(row.band or "–"),
            "name": row.name if row.label_radius > 30 else "",
            "dark": row.band == 4,
        }
        for row in rows_of(wards)
    ]
    layers = [_ward_areas(bands), *_ward_texts()]
    spec = _spec(title, 560, layers, shapes=shapes, numbers=numbers)
    return spec | {"projection": {"type": "identity"}}


def _ward_areas(bands: list[str]) -> Spec:
    """Return the layer of the wards' shapes, filled by band, that a click selects."""
    fill = {
        "field": "band",
        "type": "nominal",
        "title": None,
        "scale": {
            "domain": bands,
            "range": [f"url(#ioc-band-{n})" for n in range(len(bands))],
        },
        "legend": {
            "orient": "bottom",
            "columns": 2,
            "symbolType": "square",
            "symbolSize": 220,
            "symbolStrokeColor": "#52606d",
            "labelLimit": 400,
        },
    }
    return {
        "data": {"name": "shapes"},
        "params": [{"name": "ward", "select": {"type": "point", "fields": ["code"]}}],
        "mark": {"type": "geoshape", "stroke": "#323f4b", "cursor": "pointer"},
        "encoding": {
            "fill": fill,
            "strokeWidth": {"condition": {"test": "datum.chosen", "value": 3}, "value": 0.8},
            "tooltip": {"field": "tip"},
            "description": {"field": "tip"},
        },
    }


def _ward_texts() -> list[Spec]:
    """Return the layers of the bands' numbers and the wards' names."""
    ink = {"condition": {"test": "datum.dark", "value": "white"}, "value": _INK}
    at = {"longitude": {"field": "x"}, "latitude": {"field": "y"}, "color": ink}
    name = {"fontSize": {"expr": "width < 420 ? 0 : 9"}}  # no room on a phone
    return [
        {
            "data": {"name": "numbers"},
            "mark": {"type": "text", "tooltip": None, "dy": dy} | font,
            "encoding": {**at, "text": {"field": field}},
        }
        for field, dy, font in (
            ("number", 0, {"fontWeight": "bold", "fontSize": 12}),
            ("name", 12, name),
        )
    ]


def sparkline(values: list[float], label: str) -> str:
    """Return a small SVG line of recent values; a missing one breaks the line.

    Examples
    --------
    >>> sparkline([1.0, float("nan"), 2.0], "nothing to join")
    ''
    >>> "M0.0 " in sparkline([1.0, 3.0, 2.0], "three weeks")
    True
    """
    known = [v for v in values if v == v]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    step, height = 120 / max(len(values) - 1, 1), 26.0
    path, pen = [], "M"
    for position, value in enumerate(values):
        if value != value:
            pen = "M"
            continue
        level = height / 2 if high == low else 2 + (height - 4) * (high - value) / (high - low)
        path.append(f"{pen}{position * step:.1f} {level:.1f}{'h0' if pen == 'M' else ''}")
        pen = "L"
    if not any(part.startswith("L") for part in path):
        return ""
    return (
        '<svg class="ioc-spark" viewBox="0 0 120 26" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}"><path d="{"".join(path)}" fill="none" stroke="{_ACCENT}" '
        'stroke-width="1.8" stroke-linecap="round" vector-effect="non-scaling-stroke"/></svg>'
    )


def to_svg(spec: Spec, language: Language, width: int = 720) -> str:
    """Return a chart as static SVG, drawn without a browser by the same Vega as the live page."""
    import vl_convert

    svg = vl_convert.vegalite_to_svg(
        json.dumps(spec | {"width": width}), format_locale=language.number_format()
    )
    return str(svg).replace(">", f">{PATTERNS}", 1)


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield a frame's rows with its columns as attributes."""
    return iter(frame.itertuples())


# -- pieces ---------------------------------------------------------------------------------------


def _spec(title: str, height: int, layer: list[Spec], **datasets: list[Spec]) -> Spec:
    return {
        "$schema": _SCHEMA,
        "title": {"text": title, "anchor": "start", "fontSize": 15, "color": _INK, "limit": 900},
        "description": title,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "layer": layer,
        "datasets": datasets,
        "config": {
            "font": "DejaVu Sans, Segoe UI, Noto Sans, Arial, sans-serif",
            "view": {"stroke": None},
            "axis": {"gridColor": _GRID, "domainColor": "#7b8794", "labelColor": _INK},
            "legend": {
                "orient": "bottom",
                "labelFontSize": 12,
                "labelLimit": 260,
                "symbolOpacity": 1,
                "symbolType": "square",
                "symbolStrokeWidth": 2,
            },
        },
    }


def _layer(data: str, mark: Spec, **encoding: Spec) -> Spec:
    return {"data": {"name": data}, "mark": mark, "encoding": encoding}


def _time(dates: pd.Series, written: str = _DATES["W"]) -> Spec:
    """Return the time axis, its ticks on periods of the data."""
    days = sorted(pd.to_datetime(dates).dropna().unique())
    ticks = days[::-1][:: max(1, -(-len(days) // _TICKS))][::-1]
    return {
        "field": "date",
        "type": "temporal",
        "title": None,
        "axis": {
            "format": written,
            "grid": False,
            "labelFlush": False,
            "labelOverlap": True,
            "values": [{"year": d.year, "month": d.month, "date": d.day} for d in ticks],
        },
    }


def _value(field: str, unit: str) -> Spec:
    return {"field": field, "type": "quantitative", "title": unit, "axis": {"tickCount": 5}}


def _label(label: str, scale: Spec) -> Spec:
    legend = {"columns": 4}  # the live figure fits it to its width
    return {"datum": label, "type": "nominal", "scale": scale, "title": None, "legend": legend}


def _records(frame: pd.DataFrame, tips: list[str]) -> list[Spec]:
    """Return rows for Vega: dates as local ISO text (a bare date would be read as UTC)."""
    rows = frame.assign(
        date=pd.to_datetime(frame["date"]).dt.strftime("%Y-%m-%dT00:00:00"), tip=tips
    )
    return [
        {str(k): None if v != v else v for k, v in row.items()} for row in rows.to_dict("records")
    ]


def _tips(frame: pd.DataFrame, column: str, unit: str, language: Language) -> list[str]:
    tips = []
    for row in rows_of(frame):
        value = getattr(row, column)
        shown = language.number(value, _digits(unit)) + (f" {unit}" if value == value else "")
        tips.append(f"{language.date(row.date)}: {shown}")
    return tips


def _period_tips(frame: pd.DataFrame, unit: str, freq: str, language: Language) -> list[str]:
    """Return each value in words under the name of its period."""
    known = frame["value"].dropna().astype(float)
    digits = 0 if (known == known.round()).all() else 2 if known.abs().max() < 10 else 1
    return [
        f"{language.period(row.date, freq)}: {language.number(row.value, digits)}"
        + (f" {unit}" if row.value == row.value else "")
        for row in rows_of(frame)
    ]


def _fan_tips(fan: pd.DataFrame, unit: str, language: Language) -> list[str]:
    def shown(value: float) -> str:
        return language.number(value, _digits(unit))

    return [
        f"{language.date(row.date)}: {shown(row.median)} {unit} "
        f"(80 %: {shown(row.lo80)} – {shown(row.hi80)})"
        for row in rows_of(fan)
    ]


def _digits(unit: str) -> int:
    return 0 if unit in ("ca", "cases", "tỷ đồng") else 1
