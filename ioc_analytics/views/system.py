"""The page of one system: how ready its data are, its indicators, one of them in full."""

from __future__ import annotations

import math
from html import escape
from typing import Any

import ipywidgets as widgets
import pandas as pd

from ioc_analytics import sectors
from ioc_analytics.errors import LakeError
from ioc_analytics.lake import Lake
from ioc_analytics.places import places
from ioc_analytics.views.charts import rows_of, sparkline, state_chart, ward_map
from ioc_analytics.views.figure import Figure
from ioc_analytics.views.i18n import Language, language_of
from ioc_analytics.views.layout import (
    banner_text,
    html_table,
    message,
    side_by_side,
    stack,
)
from ioc_analytics.views.models import open_marts
from ioc_analytics.views.system_model import SystemModel, asked_system

__all__ = ["view_system"]

_SCORES = ("completeness", "timeliness", "consistency", "uniqueness", "overall")
_READY, _USABLE = 90, 70  # overall scores from which data are fit, and usable with care (proposed)


def view_system(lake: Lake, query: str | None = None) -> widgets.Widget:
    """Return the page of a system: readiness, its indicators, map and course of one, findings.

    Parameters
    ----------
    lake : Lake
        Its marts are read; nothing is computed.
    query : str, optional
        The page's query, such as ``system=health&lang=en``.
    """
    language = language_of(query)
    marts = open_marts(lake, "systems", "readiness", "findings", "ward_shapes")
    if marts is None or marts["systems"].empty:
        return message(language.text("not_built" if marts is None else "no_systems"))

    def figures(system: str) -> pd.DataFrame:
        return lake.mart("indicators", where={"system": system})

    try:
        model = SystemModel(marts, figures, language, asked_system(query))
    except LakeError:
        return message(language.text("not_built"))
    return _page(model)


def _page(model: SystemModel) -> widgets.Widget:
    """Return the page: what follows the system, and below it what follows the indicator."""
    parts = {name: widgets.HTML() for name in ("banner", "head", "states", "findings")}
    detail = _Detail(model)

    def show_states(_: object = None) -> None:
        parts["states"].value = _states(model)

    system = widgets.Dropdown(
        options=model.system_names(),
        value=model.system,
        description=model.language.text("system"),
        layout={"width": "100%"},
    )
    system.add_class("ioc-menu-system")

    def show(_: object = None) -> None:
        parts["banner"].value = banner_text(model.simulated, model.language)
        parts["head"].value = _head(model)
        show_states()
        parts["findings"].value = _findings(model)
        detail.refresh()

    def choose(change: Any) -> None:
        if model.system != change["new"]:
            model.system = change["new"]
            show()

    system.observe(choose, "value")
    detail.indicator.observe(show_states, "value")  # the row of the indicator chosen is marked
    show()
    for name in ("head", "states", "findings"):
        parts[name].add_class(f"ioc-{name}")
    return stack(
        [
            side_by_side([system], "ioc-controls"),
            parts["banner"],
            parts["head"],
            parts["states"],
            detail.whole,
            parts["findings"],
        ]
    )


class _Detail:
    """The part of the page that follows the indicator, the period and the ward."""

    def __init__(self, model: SystemModel) -> None:
        self.model = model
        text, wide = model.language.text, {"width": "100%"}
        self.indicator = widgets.Dropdown(description=text("indicator"), layout=wide)
        self.ward = widgets.Dropdown(description=text("ward"), layout=wide)
        self.period = widgets.SelectionSlider(
            options=[("", "")], description=text("period"), continuous_update=False, layout=wide
        )
        self.trend = Figure(_trend(model), model.language)
        self.map = Figure(self.trend.spec, model.language)
        self.table, self.words = widgets.HTML(), widgets.HTML()
        self._busy = False
        self.left = stack([self.map, self.words])
        self.whole = stack(
            [
                side_by_side([self.indicator, self.ward], "ioc-controls"),
                self.trend,
                self.period,
                side_by_side([self.left, self.table]),
            ]
        )
        self._name()
        for control, trait in (
            (self.indicator, "indicator"),
            (self.ward, "ward"),
            (self.period, "period"),
        ):
            control.observe(lambda change, trait=trait: self._choose(trait, change["new"]), "value")
        self.map.observe(lambda change: self._choose("ward", change["new"]), "selected")

    def _name(self) -> None:
        """Give the parts the names by which style and tests find them."""
        for part, name in (
            (self.indicator, "ioc-menu-indicator"),
            (self.ward, "ioc-ward"),
            (self.period, "ioc-week"),
            (self.trend, "ioc-trend"),
            (self.map, "ioc-map"),
            (self.table, "ioc-wards"),
            (self.whole, "ioc-detail"),
        ):
            part.add_class(name)
        for part in (self.trend, self.map, self.table):
            part.add_class("ioc-card")

    def _choose(self, trait: str, value: str | None) -> None:
        """Take a choice into the model and show what follows."""
        if self._busy or value is None or getattr(self.model, trait) == value:
            return
        setattr(self.model, trait, value)
        self.refresh()

    def refresh(self) -> None:
        """Bring controls, charts and table to what the model says."""
        model = self.model
        known = bool(model.indicators())
        self.whole.layout.display = None if known else "none"
        if not known:
            return
        self._busy = True
        self._offer()
        self._busy = False
        self.trend.spec = _trend(model)
        wards = model.has_wards
        self.table.layout.display = self.map.layout.display = None if wards else "none"
        self.period.layout.display = None if wards else "none"
        if not wards:
            self.words.value = f"<p class='ioc-note'>{escape(model.language.text('no_wards'))}</p>"
            return
        rows = model.wards()
        self.map.spec = _map(model, rows)
        self.words.value = _map_words(model, rows)
        self.table.value = _ward_table(model, rows)

    def _offer(self) -> None:
        """Offer what can be chosen now."""
        model, language = self.model, self.model.language
        names = [(_name_of(i, language), i) for i in model.indicators()]
        wards = sorted((language.place(c), c) for c in model.shapes["ward_code"])
        periods = [(language.period(p, model.freq), p) for p in model.periods()]
        for control, options, value in (
            (self.indicator, names, model.indicator),
            (self.ward, [(language.text("city_whole"), ""), *wards], model.ward),
            (self.period, periods, model.period),
        ):
            if list(control.options) != options:
                control.options = options
            control.value = value
        self.map.selected = model.ward


def _name_of(indicator: str, language: Language) -> str:
    """Return an indicator's name; its id where it is no longer declared."""
    known = sectors.indicators().get(indicator)
    return known.name(language.code) if known else indicator


def _unit(model: SystemModel, indicator: str = "") -> str:
    known = sectors.indicators().get(indicator or model.indicator)
    return model.language.unit(known.unit) if known else ""


# -- the system -----------------------------------------------------------------------------------


def _head(model: SystemModel) -> str:
    """Return what the lake holds of the system and how ready it is."""
    language, row = model.language, model.row
    if not row["tables_held"]:
        told = language.text("system_empty", name=model.name)
        return f"<h2>{escape(model.name)}</h2><p class='ioc-empty'>{escape(told)}</p>"
    days = {day: language.date(row[day]) for day in ("first", "last", "known_on")}
    counts = {k: row[k] for k in ("indicators", "with_data", "tables", "tables_held")}
    told = language.text("holdings", rows=language.number(row["rows"]), **days, **counts)
    lines = [f"<h2>{escape(model.name)}</h2><p class='ioc-note'>{escape(told)}</p>"]
    if not model.indicators():
        none = language.text("system_no_figures", name=model.name)
        lines.append(f"<p class='ioc-empty'>{escape(none)}</p>")
    return "".join(lines) + _readiness(model)


def _readiness(model: SystemModel) -> str:
    """Return the four scores and their lowest, the lowest also in words."""
    language, scores = model.language, model.scores()
    if scores.empty:
        return ""
    newest = scores.iloc[-1]
    meters = "".join(_meter(name, newest[name], language) for name in _SCORES)
    course = sparkline(scores["overall"].astype(float).tolist(), language.text("readiness_course"))
    note = newest["note_vi" if language.code == "vi" else "note_en"] or ""
    words = " ".join(filter(None, [language.text("ready_help"), f"{note}." if note else ""]))
    return (
        f"<div class='ioc-card'><h3>{escape(language.text('readiness_title'))}</h3>"
        f"<div class='ioc-meters'>{meters}<div class='ioc-meter'>{course}"
        f"<span>{escape(language.text('readiness_course')) if course else ''}</span></div></div>"
        f"<p class='ioc-note'>{escape(words)}</p></div>"
    )


def _meter(name: str, score: float, language: Language) -> str:
    text = language.text
    label, known = escape(text(name)), score == score
    score = math.floor(score) if known else score  # 99.7 is not perfect
    shown = escape(language.number(score))
    bar = f"<i style='width:{score}%'></i>" if known else ""
    words = ""
    if name == "overall" and known:
        rank = "ready" if score >= _READY else "ready_some" if score >= _USABLE else "ready_not"
        shown, words = f"{shown}/100", f"<em>{escape(text(rank))}</em>"
    return (
        f"<div class='ioc-meter'><span>{label}</span><b>{shown}</b>"
        f"<div class='ioc-bar-of' aria-hidden='true'>{bar}</div>{words}</div>"
    )


def _states(model: SystemModel) -> str:
    """Return the table of the system's indicators for the city."""
    language, rows = model.language, []
    frame = model.overview()
    for row in rows_of(frame):
        mark = " class='ioc-chosen'" if row.indicator == model.indicator else ""
        rows.append((mark, _state_cells(row, model)))
    if not rows:
        return ""
    heads = ["indicator", "value", "state", "threshold", "change", "period", "data_to"]
    heads += ["rows_n", "coverage"]
    title = _tagged(language.text("states_title", name=model.name), model)
    table = html_table(title, [language.text(h) for h in heads], rows)
    proposed = (frame["basis"] == "proposed").any()
    star = f"<p class='ioc-note'>{escape(language.text('proposed_help'))}</p>" if proposed else ""
    return f"<div class='ioc-card'>{table}{star}</div>"


def _state_cells(row: Any, model: SystemModel) -> list[str]:
    language = model.language
    digits, unit = model.digits(row.indicator), _unit(model, row.indicator)
    name = _name_of(row.indicator, language)
    if row.location != "769":
        name += f" ({language.text('of_place', place=language.place(row.location))})"
    if model.simulated == "part" and row.simulated:
        name += f" ({language.text('simulated_tag')})"
    known = row.value == row.value
    return [
        name,
        f"{language.number(row.value, digits)} {unit if known else ''}".strip(),
        _state_words(row, language),
        _threshold_words(row, language),
        _change_words(row, digits, language),
        language.period(row.date, row.freq),
        language.date(row.data_date),
        language.number(row.n),
        f"{language.number(100 * min(row.coverage, 1.0))} %",
    ]


def _state_words(row: Any, language: Language) -> str:
    if isinstance(row.state, str):
        return language.text(f"state_{row.state}")
    return language.text("state_none") if isinstance(row.method, str) else "–"


def _threshold_words(row: Any, language: Language) -> str:
    """Return the bounds in force with the target and who set them."""
    text = language.text
    if not isinstance(row.method, str):
        return text("no_threshold")
    if row.method == "cchart":
        said = [text("threshold_chart")]
    else:
        known = sectors.indicators().get(row.indicator)
        sign = "≥" if known and known.direction == "higher" else "≤"
        key = "threshold_one" if row.green == row.amber else "threshold_cut"
        green, amber = _short(row.green, language), _short(row.amber, language)
        said = [text(key, sign=sign, green=green, amber=amber)]
    if row.target == row.target and row.target is not None and row.target != row.green:
        said.append(text("target", value=_short(row.target, language)))
    return f"{'; '.join(said)} ({text(str(row.basis))})"


def _short(value: float, language: Language) -> str:
    """Return a bound with as many decimals as it has."""
    return language.number(
        value, next(d for d in (0, 1, 2, 3) if d == 3 or value == round(value, d))
    )


def _change_words(row: Any, digits: int, language: Language) -> str:
    """Return the change against the period before, and whether it is for the better."""
    text = language.text
    if not (row.value == row.value and row.complete):
        return "–"
    if row.previous != row.previous:
        return text("change_unknown")
    change = round(row.value - row.previous, digits)
    if change == 0:
        return f"= {text('change_same')}"
    known = sectors.indicators().get(row.indicator)
    sign = {"higher": 1, "lower": -1}.get(known.direction if known else "", 0)
    words = "" if not sign else text("change_better" if sign * change > 0 else "change_worse")
    shown = language.number(abs(change), digits)
    return " ".join(filter(None, ["↑ +" + shown if change > 0 else "↓ −" + shown, words]))


def _findings(model: SystemModel) -> str:
    """Return the worst findings of the system, in words."""
    language = model.language
    if not model.row["tables_held"]:
        return ""
    rows, more = model.findings()
    title = language.text("findings_title")
    if rows.empty:
        none = escape(language.text("no_findings"))
        return f"<div class='ioc-card'><h3>{escape(title)}</h3><p>{none}</p></div>"
    cells = [
        (
            "",
            [
                language.text(f"severity_{row.severity}"),
                _table_name(row.table, language),
                row.message_vi if language.code == "vi" else row.message_en,
                language.place(row.location) if row.location in places() else "",
                language.date(row.date) if row.date == row.date else "",
            ],
        )
        for row in rows_of(rows)
    ]
    heads = ["severity", "table", "finding", "place", "data_day"]
    table = html_table(title, [language.text(h) for h in heads], cells)
    left = escape(language.text("findings_more", n=more)) if more else ""
    return f"<div class='ioc-card'>{table}<p class='ioc-note'>{left}</p></div>"


def _table_name(name: str, language: Language) -> str:
    table = sectors.tables().get(name)
    return name if table is None else table.vi if language.code == "vi" else table.en


# -- one indicator --------------------------------------------------------------------------------


def _tagged(title: str, model: SystemModel) -> str:
    """Return a title that says when what stands under it is made up."""
    tag = model.language.text("simulated_tag")
    return f"{title} ({tag})" if model.simulated == "all" else title


def _trend(model: SystemModel) -> dict[str, Any]:
    language, known = model.language, model.declared
    return state_chart(
        model.course(),
        title=_tagged(
            f"{_name_of(model.indicator, language)} – {language.place(model.place)}", model
        ),
        unit=_unit(model),
        higher=known is not None and known.direction == "higher",
        language=language,
        freq=model.freq,
    )


def _map(model: SystemModel, rows: pd.DataFrame) -> dict[str, Any]:
    language = model.language
    shown = rows.assign(tip=[_ward_tip(row, model) for row in rows_of(rows)])
    shown = model.shapes.merge(shown, on="ward_code", validate="one_to_one")
    title = language.text(
        "system_map_title",
        name=_name_of(model.indicator, language),
        period=language.period(model.period, model.freq),
    )
    bands = _band_names(model, rows)
    return ward_map(shown, title=_tagged(title, model), bands=bands, selected=model.ward)


def _ward_tip(row: Any, model: SystemModel) -> str:
    language = model.language
    if row.value != row.value:
        return f"{row.name}: {language.text('no_data')}"
    value = f"{row.name}: {language.number(row.value, model.digits())} {_unit(model)}"
    state = _state_words(row, language) if isinstance(row.state, str) else ""
    return "; ".join(filter(None, [value, state, _note(row, language)]))


def _note(row: Any, language: Language) -> str:
    """Return what a reader must know about one ward's figure."""
    if row.complete or row.value != row.value:
        return ""
    return language.text("partial", percent=language.number(100 * row.coverage))


def _band_names(model: SystemModel, rows: pd.DataFrame) -> list[str]:
    """Return the names of “no data” and of the states, or of the groups with their limits."""
    language = model.language
    none = language.text("no_data")
    if model.by_state(rows):
        names = [language.text(f"band_state_{s}") for s in ("green", "amber", "red")]
        return [none, *(f"{n}: {name}" for n, name in enumerate(names, start=1))]
    values = rows["value"].dropna()
    if values.empty:
        return [none]
    digits = model.digits()
    inner = model.cuts(rows)
    edges = [language.number(v, digits) for v in (values.min(), *inner, values.max())]
    spans = [f"{one} – <{other}" for one, other in zip(edges, edges[1:-1], strict=False)]
    spans.append(f"{edges[-2]} – {edges[-1]}")
    return [none, *(language.text("band", n=n, span=s) for n, s in enumerate(spans, start=1))]


def _map_words(model: SystemModel, rows: pd.DataFrame) -> str:
    text = model.language.text
    kind = "map_surveyed" if (model.shapes["kind"] == "surveyed").all() else "map_schematic"
    said = [text("system_map_states" if model.by_state(rows) else "system_map_groups")]
    if rows["partial"].any():
        said.append(text("sum_partial"))
    return f"<p class='ioc-note'><b>{escape(text(kind))}</b> {escape(' '.join(said))}</p>"


def _ward_table(model: SystemModel, rows: pd.DataFrame) -> str:
    """Return the wards with their figures, those most in need of attention first."""
    language, digits, cells = model.language, model.digits(), []
    by_state = model.by_state(rows)
    for row in rows_of(rows):
        known = row.value == row.value
        least = "≥ " if row.partial else ""
        mark = " class='ioc-chosen'" if row.ward_code == model.ward else ""
        line = [
            row.name,
            f"{least}{language.number(row.value, digits)}",
            _state_words(row, language) if by_state else str(row.band) if known else "–",
            _change_words(row, digits, language) if known else "–",
            language.number(row.n) if known else "–",
            _note(row, language),
        ]
        if by_state and not known:
            line[2] = "–"
        cells.append((mark, line))
    heads = [language.text(h) for h in ("ward", "value", "state", "change", "rows_n", "note")]
    heads[1] = f"{heads[1]} ({_unit(model)})"
    if not by_state:
        heads[2] = language.text("band_short")
    neutral = model.declared is None or model.declared.direction == "neutral"
    key = "highest_first" if neutral else "worst_first"
    title = language.text(key, period=language.period(model.period, model.freq))
    return html_table(_tagged(title, model), heads, cells)
