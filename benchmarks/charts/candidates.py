"""The candidates: each shows both figures, redraws them, and writes them as SVG if it can."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.charts.data import PATTERNS, Case

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
    """Import a module of figures only for the candidate that needs it."""
    return importlib.import_module(f"benchmarks.charts.{name}_figures")


def altair_svg(case: Case, *, links: bool = False) -> tuple[str, str]:
    """Draw Vega-Lite by vl-convert; no browser."""
    import vl_convert

    figures = _figures("altair")
    pictures = figures.fan(case), figures.wards(case, links=links)
    svgs = [vl_convert.vegalite_to_svg(figures.specification(*p)) for p in pictures]
    return tuple(svg.replace(">", f">{PATTERNS}", 1) for svg in svgs)


def linked_altair_svg(case: Case) -> tuple[str, str]:
    """Draw the same with each ward a link."""
    return altair_svg(case, links=True)


def own_svg(case: Case) -> tuple[str, str]:
    """Draw by our own SVG writer."""
    figures = _figures("own")
    return figures.fan(case), figures.wards(case)


def matplotlib_svg(case: Case) -> tuple[str, str]:
    """Draw by matplotlib's SVG writer."""
    figures = _figures("matplotlib")
    return figures.fan(case), figures.wards(case)


def altair_live(case: Case, on_ward) -> tuple:
    """Show JupyterCharts in offline mode; each carries the Vega bundle."""
    import altair as alt
    from ipywidgets import HTML, VBox

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
    return fan, VBox([wards, HTML(f'<svg width="0" height="0">{PATTERNS}</svg>')]), redraw


def _code(selection) -> str:
    return selection.value[0]["code"] if selection.value else ""


def vega_live(draw: Callable[[Case], tuple[dict, dict]]) -> Live:
    """Draw Vega-Lite with one bundle that the server delivers as a cacheable file."""

    def live(case: Case, on_ward) -> tuple:
        from benchmarks.charts.vega_view import VegaView

        views = VegaView(), VegaView()
        views[1].observe(lambda change: on_ward(change["new"]), "selected")

        def redraw(case: Case) -> None:
            for view, spec in zip(views, draw(case), strict=True):
                view.spec = spec

        redraw(case)
        return *views, redraw

    return live


def altair_specs(case: Case) -> tuple[dict, dict]:
    """Both specifications by Altair."""
    figures = _figures("altair")
    return figures.specification(*figures.fan(case)), figures.specification(*figures.wards(case))


def vegalite_specs(case: Case) -> tuple[dict, dict]:
    """Both specifications as dictionaries of our own."""
    figures = _figures("vegalite")
    return figures.fan(case), figures.wards(case)


def vegalite_svg(case: Case) -> tuple[str, str]:
    """Draw our own dictionaries by vl-convert."""
    import vl_convert

    svgs = [vl_convert.vegalite_to_svg(spec) for spec in vegalite_specs(case)]
    return tuple(svg.replace(">", f">{PATTERNS}", 1) for svg in svgs)


def svg_live(static: Static) -> Live:
    """Show the static SVG in our small widget."""

    def live(case: Case, on_ward) -> tuple:
        from benchmarks.charts.svg_view import SvgView

        views = [SvgView(svg=svg) for svg in static(case)]
        views[1].observe(lambda change: on_ward(change["new"]), "selected")

        def redraw(case: Case) -> None:
            for view, svg in zip(views, static(case), strict=True):
                view.svg = svg

        return *views, redraw

    return live


def html_live(case: Case, _on_ward) -> tuple:
    """Show our own SVG in HTML widgets: no clicks; the least a page can cost."""
    from ipywidgets import HTML

    views = [HTML(svg) for svg in own_svg(case)]

    def redraw(case: Case) -> None:
        for view, svg in zip(views, own_svg(case), strict=True):
            view.value = svg

    return *views, redraw


def bqplot_live(case: Case, _on_ward) -> tuple:
    """Show bqplot's widgets; it has no event that names the clicked ward."""
    figures = _figures("bqplot")
    fan, wards = figures.fan(case), figures.wards(case)

    def redraw(case: Case) -> None:
        for old, new in ((fan, figures.fan(case)), (wards, figures.wards(case))):
            with old.hold_sync():
                old.marks, old.axes, old.title = new.marks, new.axes, new.title

    return fan, wards, redraw


def plotly_live(case: Case, on_ward) -> tuple:
    """Show plotly's widgets; clicks are taken by the layer of numbers."""
    figures = _figures("plotly")
    fan, wards = figures.fan(case), figures.wards(case)

    def clicked(trace, points, _state) -> None:
        if points.point_inds:
            on_ward(trace.customdata[points.point_inds[0]])

    wards.data[-1].on_click(clicked)

    def redraw(case: Case) -> None:
        for old, new in ((fan, figures.fan(case)), (wards, figures.wards(case))):
            with old.batch_update():
                old.update(new.to_dict())

    return fan, wards, redraw


def write_bundle(folder: Path) -> None:
    """Write the Vega bundle as a file for the server to deliver."""
    import vl_convert

    text = vl_convert.javascript_bundle("export { vegaEmbed };")
    (folder / BUNDLE).write_text(text, encoding="utf-8")


CANDIDATES = {
    "A": Candidate(
        "Altair JupyterChart, offline", altair_live, altair_svg, ("altair", "vl_convert"),
    pattern="yes, SVG renderer only"
    ),
    "A'": Candidate(
        "Altair, served Vega bundle", vega_live(altair_specs), altair_svg, ("altair", "vl_convert"),
    pattern="yes, SVG renderer only"
    ),
    "V": Candidate(
        "plain Vega-Lite, served bundle",
        vega_live(vegalite_specs),
        vegalite_svg,
        ("vl_convert",),
        pattern="yes, SVG renderer only",
    ),
    "B": Candidate(
        "Altair, vl-convert SVG in own widget", svg_live(linked_altair_svg), linked_altair_svg,
        ("altair", "vl_convert"),
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
