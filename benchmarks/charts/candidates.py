"""The candidates: each shows both figures, redraws them, and writes them as SVG if it can."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.charts.data import Case

Static = Callable[[Case], tuple[str, str]]
# Shows both figures and calls back with a clicked ward's code; returns (fan, map, redraw).
Live = Callable[[Case, Callable[[str], None]], tuple]
BUNDLE = "vega-bundle.js"


@dataclass(frozen=True)
class Candidate:
    """One stack: its builders, the packages it adds and the lab extensions a page needs."""

    name: str
    live: Live
    static: Static | None
    packages: tuple[str, ...]
    extensions: tuple[str, ...] = ("anywidget",)
    pattern: str = "yes"


def _figures(name: str):
    """A module of figures, imported only by the candidate that needs it."""
    return importlib.import_module(f"benchmarks.charts.{name}_figures")


def altair_svg(case: Case, *, links: bool = False) -> tuple[str, str]:
    """Vega-Lite drawn by vl-convert; no browser."""
    import vl_convert

    figures = _figures("altair")
    pictures = figures.fan(case), figures.wards(case, links=links)
    return tuple(vl_convert.vegalite_to_svg(figures.specification(*p)) for p in pictures)


def linked_altair_svg(case: Case) -> tuple[str, str]:
    """The same, each ward a link."""
    return altair_svg(case, links=True)


def own_svg(case: Case) -> tuple[str, str]:
    """Our own SVG writer."""
    figures = _figures("own")
    return figures.fan(case), figures.wards(case)


def matplotlib_svg(case: Case) -> tuple[str, str]:
    """Matplotlib's SVG writer."""
    figures = _figures("matplotlib")
    return figures.fan(case), figures.wards(case)


def altair_live(case: Case, on_ward) -> tuple:
    """JupyterChart in offline mode; each chart carries the Vega bundle."""
    import altair as alt

    figures = _figures("altair")
    alt.JupyterChart.enable_offline()
    options = {"renderer": "svg", "actions": False}
    fan, wards = (
        alt.JupyterChart(picture(case)[0], embed_options=options)
        for picture in (figures.fan, figures.wards)
    )
    wards.selections.observe(lambda change: on_ward(_code(change["new"])), "ward")

    def redraw(case: Case) -> None:
        # setting `spec`, not `chart`, skips Altair's check of the data (and keeps `selections`)
        fan.spec = figures.specification(*figures.fan(case))
        wards.spec = figures.specification(*figures.wards(case))

    redraw(case)
    return fan, wards, redraw


def _code(selection) -> str:
    return selection.value[0]["code"] if selection.value else ""


def vega_live(case: Case, on_ward) -> tuple:
    """Vega-Lite drawn by one bundle that the server delivers as a cacheable file."""
    from benchmarks.charts.vega_view import VegaView

    figures = _figures("altair")
    fan, wards = VegaView(), VegaView()
    wards.observe(lambda change: on_ward(change["new"]), "selected")

    def redraw(case: Case) -> None:
        fan.spec = figures.specification(*figures.fan(case))
        wards.spec = figures.specification(*figures.wards(case))

    redraw(case)
    return fan, wards, redraw


def svg_live(static: Static) -> Live:
    """The static SVG in our small widget."""

    def live(case: Case, on_ward) -> tuple:
        from benchmarks.charts.svg_view import SvgView

        views = [SvgView(svg=svg) for svg in static(case)]
        views[1].observe(lambda change: on_ward(change["new"]), "selected")

        def redraw(case: Case) -> None:
            for view, svg in zip(views, static(case), strict=True):
                view.svg = svg

        return *views, redraw

    return live


def html_live(case: Case, on_ward) -> tuple:
    """Our own SVG in a plain HTML widget: no clicks; the least a page can cost."""
    from ipywidgets import HTML

    views = [HTML(svg) for svg in own_svg(case)]

    def redraw(case: Case) -> None:
        for view, svg in zip(views, own_svg(case), strict=True):
            view.value = svg

    return *views, redraw


def bqplot_live(case: Case, on_ward) -> tuple:
    """Bqplot; a click on a ward gives its position among the marks."""
    figures = _figures("bqplot")
    fan, wards = figures.fan(case), figures.wards(case)

    def redraw(case: Case) -> None:
        for old, new in ((fan, figures.fan(case)), (wards, figures.wards(case))):
            with old.hold_sync():
                old.marks, old.axes, old.title = new.marks, new.axes, new.title

    return fan, wards, redraw


def plotly_live(case: Case, on_ward) -> tuple:
    """Plotly; clicks are taken by the layer of numbers."""
    figures = _figures("plotly")
    fan, wards = figures.fan(case), figures.wards(case)

    def clicked(trace, points, state) -> None:
        if points.point_inds:
            on_ward(trace.customdata[points.point_inds[0]])

    wards.data[-1].on_click(clicked)

    def redraw(case: Case) -> None:
        for old, new in ((fan, figures.fan(case)), (wards, figures.wards(case))):
            with old.batch_update():
                old.update(new.to_dict())

    return fan, wards, redraw


def write_bundle(folder: Path) -> None:
    """The Vega bundle as a file for the server to deliver."""
    import vl_convert

    text = vl_convert.javascript_bundle("export { vegaEmbed };")
    (folder / BUNDLE).write_text(text, encoding="utf-8")


CANDIDATES = {
    "A": Candidate(
        "Altair JupyterChart, offline", altair_live, altair_svg, ("altair", "vl_convert"),
        pattern="strokes as data",
    ),
    "A'": Candidate(
        "Altair, served Vega bundle", vega_live, altair_svg, ("altair", "vl_convert"),
        pattern="strokes as data",
    ),
    "B": Candidate(
        "Altair, vl-convert SVG in own widget", svg_live(linked_altair_svg), linked_altair_svg,
        ("altair", "vl_convert"), pattern="strokes as data",
    ),
    "C": Candidate(
        "bqplot", bqplot_live, None, ("bqplot",), ("bqplot", "bqscales"), "strokes as data"
    ),
    "D": Candidate("own SVG in own widget", svg_live(own_svg), own_svg, ()),
    "D0": Candidate("own SVG in HTML widget (no click)", html_live, own_svg, (), ()),
    "E": Candidate("plotly FigureWidget", plotly_live, None, ("plotly",)),
    "F": Candidate(
        "matplotlib SVG in own widget", svg_live(matplotlib_svg), matplotlib_svg, ("matplotlib",)
    ),
}  # fmt: skip
