"""The dashboards' pages: models linked to widgets, nothing computed here but words and layout."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets

from ioc_analytics import sectors
from ioc_analytics.lake import Lake
from ioc_analytics.sectors.epidemic import CASE_RATE_CUTS
from ioc_analytics.views.charts import fan_chart, rows_of, sparkline, trend_chart, ward_map
from ioc_analytics.views.figure import Figure
from ioc_analytics.views.i18n import Language, language_of
from ioc_analytics.views.layout import (
    banner_text,
    html,
    html_table,
    message,
    side_by_side,
    stack,
)
from ioc_analytics.views.models import ForecastModel, OverviewModel, open_marts

__all__ = ["view_forecast", "view_overview"]


def view_overview(lake: Lake, query: str | None = None) -> widgets.Widget:
    """Return the overview: city tiles, ward map by rate of new cases, table, data date.

    Parameters
    ----------
    lake : Lake
        Its marts are read; nothing is computed.
    query : str, optional
        The page's query, such as ``lang=en``.
    """
    language = language_of(query)
    marts = open_marts(lake, "wards_week", "tiles", "ward_shapes")
    if marts is None:
        return message(language.text("not_built"))
    model = OverviewModel(marts, language)
    parts = [html(banner_text(model.simulated, language)), html(_tiles(model)), *_wards(model)]
    return stack(parts)


def view_forecast(lake: Lake, query: str | None = None) -> widgets.Widget:
    """Return the forecast page: a series with its fan and how well the models did before.

    Parameters
    ----------
    lake : Lake
        Its marts are read; nothing is computed.
    query : str, optional
        The page's query, such as ``lang=en``.
    """
    language = language_of(query)
    marts = open_marts(lake, "series", "forecasts", "scores")
    if marts is None or marts["forecasts"].empty:
        return message(language.text("not_built" if marts is None else "no_forecast"))
    model = ForecastModel(marts, language)
    banner = widgets.HTML()
    chart = Figure(_fan(model), language)
    words, board = widgets.HTML(), widgets.HTML()

    def show(_: object = None) -> None:
        banner.value = banner_text("all" if model.simulated else "none", language)
        chart.spec = _fan(model)
        words.value = _forecast_words(model)
        board.value = _scoreboard(model)

    controls = _forecast_controls(model, show)
    show()
    chart.add_class("ioc-card")
    return stack([banner, controls, chart, words, board])


# -- overview -------------------------------------------------------------------------------------


def _tiles(model: OverviewModel) -> str:
    tiles = "".join(_tile(row, model.language) for row in rows_of(model.tiles))
    return (
        f"<h2>{escape(model.language.text('tiles_title'))}</h2><div class='ioc-tiles'>{tiles}</div>"
    )


def _tile(row: Any, language: Language) -> str:
    """Return one key figure: value, unit, period, the period before, course, date of the data."""
    indicator = sectors.indicator(row.indicator)
    text = language.text
    digits = 0 if indicator.count or indicator.unit == "tỷ đồng" else 1
    known = row.value == row.value
    unit = f" <small>{escape(language.unit(indicator.unit))}</small>" if known else ""
    tag = f"<em class='ioc-tag'>{escape(text('simulated_tag'))}</em>" if row.simulated else ""
    lines = [
        f"<h3>{escape(indicator.name(language.code))}</h3>",
        f"<p class='ioc-place'>{escape(language.place(row.location))}{tag}</p>",
        f"<p class='ioc-value'>{escape(language.number(row.value, digits))}{unit}</p>",
    ]
    if known:
        before = text("previous", value=language.number(row.previous, digits))
        lines += [
            sparkline(list(row.history), indicator.name(language.code)),
            f"<p>{escape(language.period(row.date, row.freq))}; {escape(before)}</p>",
            f"<p class='ioc-date'>{escape(text('data_date', date=language.date(row.data_date)))}"
            "</p>",
        ]
    return f"<section class='ioc-tile'>{''.join(lines)}</section>"


def _wards(model: OverviewModel) -> list[widgets.Widget]:
    """Return the part of the page that follows the week and the ward chosen."""
    language = model.language
    if not model.weeks:
        return [html(f"<h2>{language.text('map_title')}</h2><p>{language.text('no_data')}</p>")]
    week = widgets.SelectionSlider(
        options=[(language.period(w, "W"), w) for w in model.weeks],
        value=model.week,
        description=language.text("week_label"),
        continuous_update=False,
        layout={"width": "100%"},
    )
    ward = widgets.Dropdown(  # what a click on the map chooses, for the keyboard too
        options=[(language.text("every_ward"), ""), *model.ward_names()],
        description=language.text("ward"),
    )
    chart, trend = Figure(_map(model), language), Figure(_trend(model), language)
    table, coverage = widgets.HTML(), widgets.HTML()

    def show(_: object = None) -> None:
        chart.spec, trend.spec = _map(model), _trend(model)
        table.value, coverage.value = _ward_table(model), _coverage(model)

    widgets.link((week, "value"), (model, "week"))
    widgets.link((ward, "value"), (model, "ward"))
    widgets.link((chart, "selected"), (model, "ward"))
    model.observe(show, ["week", "ward"])
    show()
    for part, name in ((chart, "ioc-map"), (table, "ioc-wards"), (trend, "ioc-trend")):
        part.add_class(name)
        part.add_class("ioc-card")
    week.add_class("ioc-week")
    ward.add_class("ioc-ward")
    left = stack([chart, html(_map_words(model))])
    controls = side_by_side([week, ward], "ioc-choices")
    return [controls, coverage, side_by_side([left, stack([table, trend])])]


def _map(model: OverviewModel) -> dict[str, Any]:
    language = model.language
    rows = model.wards().merge(model.shapes, on="ward_code", validate="one_to_one")
    rows["band"] = [_band(rate) for rate in rows["rate"]]
    rows["partial"] = [_is_partial(row) for row in rows_of(rows)]
    rows["tip"] = [_ward_tip(row, model) for row in rows_of(rows)]
    title = _tagged(language.text("map_title"), model)
    return ward_map(rows, title=title, bands=_band_names(language), selected=model.ward)


def _tagged(title: str, model: OverviewModel) -> str:
    """Return a title that says when what stands under it is made up."""
    tag = model.language.text("simulated_tag")
    return f"{title} ({tag})" if model.wards_simulated else title


def _ward_tip(row: Any, model: OverviewModel) -> str:
    language = model.language
    if row.rate != row.rate:
        return f"{row.name}: {language.text('no_data')}"
    rate, cases = language.number(row.rate, 1), language.number(row.cases)
    said = f"{row.name}: {rate} / 100.000 ({cases} {language.unit('ca')})"
    return "; ".join(filter(None, [said, model.note(row)]))


def _is_partial(row: Any) -> bool:
    """Tell whether only some days of the week were reported, so that the sum is a lower bound."""
    return 0 < row.coverage < 1 - 1e-9


def _band(rate: float) -> int:
    """Return 0 where the rate is missing, else the number of the band it lies in."""
    return 0 if rate != rate else 1 + sum(rate >= cut.value for cut in CASE_RATE_CUTS)


def _band_names(language: Language) -> list[str]:
    low, middle, high = (f"{cut.value:g}{'' if cut.verified else '*'}" for cut in CASE_RATE_CUTS)
    spans = (f"0 – <{low}", f"{low} – <{middle}", f"{middle} – <{high}", f"≥ {high}")
    named = [language.text("band", n=n, span=span) for n, span in enumerate(spans, start=1)]
    return [language.text("no_data"), *named]


def _map_words(model: OverviewModel) -> str:
    text = model.language.text
    kind = "map_surveyed" if (model.shapes["kind"] == "surveyed").all() else "map_schematic"
    doubts = [
        text("cut_unverified", value=f"{c.value:g}") for c in CASE_RATE_CUTS if not c.verified
    ]
    stars = f" * {'; '.join(doubts)}." if doubts else ""
    return (
        f"<p class='ioc-note'><b>{escape(text(kind))}</b> {escape(text('map_help'))}"
        f"{escape(stars)}</p>"
    )


def _trend(model: OverviewModel) -> dict[str, Any]:
    language = model.language
    course = model.course().rename(columns={"week": "date", "cases": "value"})
    return trend_chart(
        course,
        title=_tagged(language.text("trend_title", place=model.place_name()), model),
        unit=language.unit("ca"),
        language=language,
    )


def _coverage(model: OverviewModel) -> str:
    language = model.language
    said = [
        language.text("wards_reporting", n=model.complete_wards()),
        language.text("data_date", date=language.date(model.data_date())),
    ]
    return f"<p class='ioc-note'>{escape('. '.join(said))}.</p>"


def _ward_table(model: OverviewModel) -> str:
    language = model.language
    rows = []
    for row in rows_of(model.wards()):
        year = f"{row.population_year:.0f}" if row.population_year == row.population_year else ""
        basis = language.text(row.population_basis, year=year).strip()
        partial = "≥ " if _is_partial(row) else ""
        cells = [
            row.name,
            partial + str(_band(row.rate)) if row.rate == row.rate else "–",
            partial + language.number(row.rate, 1)
            if row.rate == row.rate
            else language.text("no_data"),
            partial + language.number(row.cases) if row.cases == row.cases else "–",
            f"{language.number(row.population)} ({basis})",
            model.note(row),
        ]
        mark = " class='ioc-chosen'" if row.ward_code == model.ward else ""
        rows.append((mark, cells))
    heads = ["ward", "band_short", "rate", "cases", "population", "note"]
    title = _tagged(language.text("table_title"), model)
    return html_table(title, [language.text(h) for h in heads], rows)


# -- forecast -------------------------------------------------------------------------------------


def _forecast_controls(model: ForecastModel, show: Any) -> widgets.Widget:
    """Return the three menus, kept in step with the model whichever side changes."""
    language = model.language
    menus = {
        name: widgets.Dropdown(description=language.text(key), layout={"width": "100%"})
        for name, key in (("target", "indicator"), ("location", "place"), ("model_id", "model"))
    }

    def options() -> dict[str, list[tuple[str, str]]]:
        return {
            "target": [(sectors.indicator(t).name(language.code), t) for t in model.targets()],
            "location": [(language.place(c), c) for c in model.locations()],
            "model_id": [(language.model(m), m) for m in model.models()],
        }

    busy = False

    def refresh(_: object = None) -> None:
        nonlocal busy
        if busy:
            return
        busy = True
        for name, choices in options().items():
            menus[name].options = choices
            menus[name].value = getattr(model, name)
        busy = False
        show()

    def choose(name: str, value: str) -> None:
        if not busy and value is not None:
            setattr(model, name, value)

    for name, menu in menus.items():
        menu.observe(lambda change, name=name: choose(name, change["new"]), "value")
        menu.add_class(f"ioc-menu-{name}")
    model.observe(refresh, ["target", "location", "model_id"])
    refresh()
    return side_by_side(list(menus.values()), "ioc-controls")


def _fan(model: ForecastModel) -> dict[str, Any]:
    return fan_chart(
        model.history(),
        model.fan(),
        title=model.title(),
        unit=model.language.unit(model.unit),
        language=model.language,
    )


def _forecast_words(model: ForecastModel) -> str:
    """Return the forecast in sentences: the next period, past hits, what it rests on."""
    language, fan = model.language, model.fan()
    digits = 0 if model.target and sectors.indicator(model.target).count else 1
    sentences = []
    if len(fan):
        for row in (fan.iloc[0], fan.iloc[-1]):
            sentences.append(
                language.text(
                    "forecast_sentence",
                    period=language.period_ending(row["date"], model.freq),
                    median=language.number(row["median"], digits),
                    unit=language.unit(model.unit),
                    low=language.number(row["lo80"], digits),
                    high=language.number(row["hi80"], digits),
                )
            )
    sentences.append(_score_sentence(model))
    if model.note():
        sentences.append(language.text("fell_back"))
    date = language.text("data_date", date=language.date(model.data_date()))
    return (
        "<div class='ioc-card ioc-words'>"
        + "".join(f"<p>{escape(s[:1].upper() + s[1:])}</p>" for s in sentences)
        + f"<p class='ioc-date'>{escape(date)}</p></div>"
    )


def _score_sentence(model: ForecastModel) -> str:
    text, score = model.language.text, model.score()
    if score is None:
        return text("no_score")
    if model.model_id == "naive":
        comparison = text("same")
    elif score["relative_wis"] != score["relative_wis"]:  # the baseline made no error at all
        comparison = text("no_comparison")
    else:
        gain = round(100 * (1 - score["relative_wis"]))
        comparison = text("better" if gain >= 0 else "worse", percent=abs(gain))
    said = text(
        "score_sentence",
        cutoffs=int(score["cutoffs"]),
        hits=round(score["coverage_95"] * score["n"]),
        n=int(score["n"]),
        comparison=comparison,
    )
    return f"{said} {text('few_cutoffs')}"


def _scoreboard(model: ForecastModel) -> str:
    language = model.language
    rows = []
    for position, row in enumerate(rows_of(model.scoreboard())):
        marks = [language.text("best")] if position == 0 and not row.fallbacks else []
        if row.fallbacks:
            marks.append(language.text("fallbacks", n=row.fallbacks, cutoffs=row.cutoffs))
        cells = [
            language.model(row.model_id) + (f" ({'; '.join(marks)})" if marks else ""),
            language.number(row.wis, 1),
            language.number(row.relative_wis, 2),
            language.number(row.mae, 1),
            f"{language.number(100 * row.coverage_50)} %",
            f"{language.number(100 * row.coverage_95)} %",
            language.number(row.n),
        ]
        mark = " class='ioc-chosen'" if row.model_id == model.model_id else ""
        rows.append((mark, cells))
    heads = [
        "model",
        "score_wis",
        "score_relative",
        "score_mae",
        "score_50",
        "score_95",
        "score_n",
    ]
    if not rows:
        return ""
    table = html_table(language.text("score_title"), [language.text(h) for h in heads], rows)
    return (
        f"<div class='ioc-card'>{table}<p class='ioc-note'>{language.text('score_help')}</p></div>"
    )
