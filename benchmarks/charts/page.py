"""The page that a candidate's notebook shows: one control, two figures, the chosen ward."""

from ipywidgets import HTML, Dropdown, VBox

from benchmarks.charts.candidates import CANDIDATES
from benchmarks.charts.data import SCENARIOS, make_case


def show(key: str) -> VBox:
    """Build the page of one candidate."""
    chosen = HTML("Phường: –")
    chosen.add_class("bench-ward")

    def on_ward(code: str) -> None:
        chosen.value = f"Phường: {code or '–'}"

    fan, wards, redraw = CANDIDATES[key].live(make_case(), on_ward)
    fan.add_class("bench-fan")
    wards.add_class("bench-map")
    control = Dropdown(options=SCENARIOS, description="Kịch bản")
    control.observe(lambda change: redraw(make_case(change["new"])), "value")
    return VBox([control, fan, wards, chosen])
