"""The pieces that every page is made of: tables, banners, stacks and rows of widgets."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from ioc_analytics.views.i18n import Language

__all__ = ["banner_text", "html", "html_table", "message", "side_by_side", "stack"]


def html_table(caption: str, heads: list[str], rows: list[tuple[str, list[str]]]) -> str:
    """Return a table as HTML; of each row the attributes and the cells, which are escaped."""
    head = "".join(f"<th scope='col'>{escape(h)}</th>" for h in heads)
    body = "".join(
        f"<tr{mark}>" + "".join(f"<td>{escape(c)}</td>" for c in cells) + "</tr>"
        for mark, cells in rows
    )
    return (
        f"<div class='ioc-scroll'><table class='ioc-table'><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def banner_text(simulated: str, language: Language) -> str:
    """Return the banner that says whether "all", "part" or "none" of a page is made up."""
    if simulated == "none":
        return ""
    key = "simulated" if simulated == "all" else "simulated_part"
    return f"<p class='ioc-banner' role='note'>{escape(language.text(key))}</p>"


def message(text: str) -> widgets.Widget:
    """Return a page of one sentence."""
    return html(f"<p class='ioc-banner' role='alert'>{escape(text)}</p>")


def html(text: str) -> widgets.Widget:
    """Return HTML as a widget."""
    return widgets.HTML(text)


def stack(parts: list[widgets.Widget]) -> widgets.Widget:
    """Return widgets one above the other, as wide as the page."""
    return widgets.VBox(parts, layout={"width": "100%"})


def side_by_side(parts: list[widgets.Widget], name: str = "ioc-row") -> widgets.Widget:
    """Return widgets beside each other, laid out by a class of ioc.css."""
    box = widgets.Box(parts)
    box.add_class(name)
    return box
