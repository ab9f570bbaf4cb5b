"""Both figures drawn by matplotlib, saved as SVG with tooltips and links."""

import io
import re
from collections.abc import Iterator
from html import escape

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from benchmarks.charts.data import BANDS, CASES_TITLE, CLASSES, COLOURS, WEEK_TITLE, Case

STYLE = {"svg.fonttype": "none", "svg.hashsalt": "ioc", "hatch.linewidth": 0.5}
MARKS = ("", "", "////", "\\\\\\\\", "xxxx")


def _svg(figure: Figure, tips: dict[str, list[str]]) -> str:
    """Write the figure; the markers or outlines of each group in `tips` get tooltips."""
    out = io.StringIO()
    with mpl.rc_context(STYLE):
        figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    start, *groups = re.split(r'(?=<g id="tip-)', text[text.index("<svg") :])
    for i, group in enumerate(groups):
        texts = iter(tips[re.match(r'<g id="tip-([^"]+)', group)[1]])
        groups[i] = re.sub("<use|<path(?= d=)", lambda m, texts=texts: _tipped(m[0], texts), group)
    return start + "".join(groups)


def _tipped(tag: str, texts: Iterator[str]) -> str:
    text = next(texts, None)
    return tag if text is None else f'{tag} data-tip="{escape(text)}"'


def fan(case: Case) -> str:
    """History line, forecast bands and median."""
    figure = Figure(figsize=(8.5, 4), layout="constrained")
    ax = figure.subplots()
    for percent, colour in BANDS.items():
        lower, upper = case.fan[f"lo{percent}"], case.fan[f"hi{percent}"]
        ax.fill_between(case.fan["week"], lower, upper, color=colour, lw=0)
    ax.plot(case.history["week"], case.history["cases"], color="#333")
    ax.plot(case.fan["week"], case.fan["median"], color="#08306b", ls="--", marker="o", ms=3)
    ax.set(title=case.fan_title, xlabel=WEEK_TITLE, ylabel=CASES_TITLE)
    ax.xaxis.set_major_formatter(mpl.dates.DateFormatter("%m/%Y"))
    tips = {}
    for frame, column in ((case.history, "cases"), (case.fan, "median")):
        ax.plot(frame["week"], frame[column], "o", ms=7, alpha=0, gid=f"tip-{column}")
        tips[column] = [
            f"{week:%d/%m/%Y}: {cases} ca"
            for week, cases in zip(frame["week"], frame[column], strict=True)
        ]
    return _svg(figure, tips)


def wards(case: Case) -> str:
    """Wards in classes of colour, hatching and number; each is a link to its code."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    ax = figure.subplots()
    tips = {}
    for row in case.wards.itertuples():
        parts = getattr(row.geometry, "geoms", [row.geometry])
        rings = [Path(np.asarray(p.exterior.coords), closed=True) for p in parts]
        style = {"facecolor": COLOURS[row.level], "hatch": MARKS[row.level]}
        tips[row.code] = [row.label]
        outline = Path.make_compound_path(*rings)
        ax.add_patch(
            PathPatch(
                outline,
                edgecolor="#555",
                lw=0.6,
                url=f"#{row.code}",
                gid=f"tip-{row.code}",
                **style,
            )
        )
        point = row.geometry.representative_point()
        ax.text(point.x, point.y, str(row.level or "–"), weight="bold", ha="center", va="center")
    legend = [
        Patch(facecolor=colour, hatch=mark, edgecolor="#555", label=name)
        for colour, mark, name in zip(COLOURS, MARKS, CLASSES, strict=True)
    ]
    ax.legend(handles=legend, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    ax.autoscale_view()
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.set_title(case.map_title)
    return _svg(figure, tips)
