"""Pages under `docs/` that come from the code: tables, indicators and the commands of `ioc`.

``python -m ioc_analytics.docs`` writes them; with ``--check`` it fails where a file is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer.main

from ioc_analytics import sectors
from ioc_analytics.cli import app
from ioc_analytics.contracts import Column, Indicator, Table
from ioc_analytics.lake.thresholds import thresholds

__all__ = ["DOCS", "main", "pages"]

DOCS = Path(__file__).resolve().parents[1] / "docs"
_HEAD = "<!-- Written by `make docs` from the code; change the code, not this page. -->"
_BETTER = {"higher": "more is better", "lower": "less is better", "neutral": "neither way"}
_PERIOD = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}
_PERSONAL = {
    "pseudonym": "personal: a keyed code takes its place",
    "drop": "personal: checked, not kept",
    "redact": "personal: plates, phones, identity numbers and names are blacked out",
}
_OVER_TIME = {
    "last": "newest value of a period",
    "max": "highest value of a period",
    "median": "median of all rows of a period",
    "open": "what is open at the end of a period",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the generated pages, or tell which of them are stale.

    Parameters
    ----------
    arguments : sequence of str, optional
        ``["--check"]`` compares without writing; default the command line's.

    Returns
    -------
    int
        Exit code: 0 when the files on disk are (now) as the code says, 1 when `--check` found a
        stale one, 2 for an unknown argument.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if unknown := [a for a in arguments if a != "--check"]:
        print(f"python -m ioc_analytics.docs knows --check, not “{unknown[0]}”.", file=sys.stderr)
        return 2
    stale = [name for name, text in pages().items() if _on_disk(name) != text]
    if "--check" in arguments:
        for name in stale:
            print(f"docs/{name} is stale; run: make docs", file=sys.stderr)
        return 1 if stale else 0
    DOCS.mkdir(exist_ok=True)
    for name in stale:
        (DOCS / name).write_text(pages()[name], encoding="utf-8", newline="\n")
        print(f"docs/{name} written")
    return 0


def pages() -> dict[str, str]:
    """Return the text of each generated page by file name.

    Examples
    --------
    >>> sorted(pages())
    ['cli.md', 'indicators.md', 'tables.md']
    """
    return {
        "tables.md": _tables_page(),
        "indicators.md": _indicators_page(),
        "cli.md": _cli_page(),
    }


def _on_disk(name: str) -> str | None:
    file = DOCS / name
    return file.read_text(encoding="utf-8") if file.exists() else None


def _page(blocks: Iterable[str]) -> str:
    return "\n\n".join([_HEAD, *blocks]) + "\n"


def _grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '∣') for cell in line)} |" for line in lines)


# -- tables and indicators ------------------------------------------------------------------------


def _tables_page() -> str:
    tables = sectors.tables()
    return _page(
        [
            "# Tables",
            "A file is read by its headers. Case, accents and punctuation do not matter; each "
            "column is known by its name, its Vietnamese header and the aliases beside it. A label "
            "in brackets is how the systems write a value.",
            *_by_system(lambda system: [_table(t) for t in tables.values() if t.system == system]),
        ]
    )


def _by_system(blocks: Callable[[str], list[str]]) -> Iterator[str]:
    for system in sectors.systems().values():
        if found := blocks(system.id):
            yield f"## {system.vi} · {system.en}"
            yield from found


def _indicators_page() -> str:
    rules = thresholds().groupby("indicator")
    cuts = {str(name): rows.to_dict("records") for name, rows in rules}
    indicators = sectors.indicators()
    return _page(
        [
            "# Indicators",
            f"{len(indicators)} indicators of {len(sectors.systems())} systems. Over any period "
            "and place a value is formed from sums, never from a mean of ratios; a missing value "
            "stays missing. The city is the sum of its wards unless “own rows only” is said. A "
            "threshold is “official” where a source that was read gives it, else “proposed”: "
            "editable in `data/reference/thresholds/` or, dated, in the table "
            "`settings.thresholds`.",
            *_by_system(
                lambda system: [
                    _indicator(i, cuts.get(i.id, []))
                    for i in indicators.values()
                    if i.id.partition(".")[0] == system
                ]
            ),
        ]
    )


def _table(table: Table) -> str:
    facts = [f"{table.vi} · {table.en}", f"Key: {', '.join(f'`{k}`' for k in table.key)}."]
    if table.date:
        facts.append(f"Dated by `{table.date}`.")
    if table.events:
        facts.append("One row is one event: on days that a file covers, no row means none.")
    if table.freq:
        due = f", overdue after {table.due_days} days" if table.due_days is not None else ""
        facts.append(f"Expected by {_PERIOD[table.freq]}{due}.")
    facts += [f"Each row keeps to `{law.law}` ({law.en})." for law in table.identities]
    if table.whole:
        facts.append("A file always states the whole table; rows absent from a later one close.")
    if table.requires_all_wards:
        facts.append("A file in which a ward is missing is refused.")
    columns = _grid(
        ["column", "kind", "unit", "Vietnamese header", "aliases", "rules"],
        (
            [f"`{c.name}`", c.kind, c.unit, c.vi, _aliases(c), _rules(c, table)]
            for c in table.columns
        ),
    )
    told = "\n".join(f"* {fact}" for fact in facts)
    return f"### `{table.name}`\n\n{told}\n\n{columns}"


def _aliases(column: Column) -> str:
    return ", ".join(dict.fromkeys([*column.aliases, *column.place_level]))


def _rules(column: Column, table: Table) -> str:
    """Return what a cell must keep to, in words."""
    rules = []
    if column.required or column.name in table.key:
        rules.append("required")
    if column.minimum is not None and not column.negatives_flagged:
        rules.append(f"at least {column.minimum:g}")
    if column.maximum is not None:
        rules.append(f"at most {column.maximum:g}")
    if column.allowed:
        named = [f"{v} ({said[0]})" if said else v for v, said in column.allowed.items()]
        rules.append(f"one of {', '.join(named)}")
    if column.negatives_flagged:
        rules.append("a negative value is a correction, kept and flagged")
    if column.names_place:
        rules.append("must name the place of the code")
    if not column.stored:
        rules.append("checked, not kept")
    if column.personal:
        rules.append(_PERSONAL[column.personal])
    if column.secret:
        rules.append(f"rows with {', '.join(column.secret)} are refused and nothing of them kept")
    if column.not_before:
        rules.append(f"not before `{column.not_before}` (a finding)")
    if column.cumulative:
        rules.append("a running total")
    return "; ".join(rules)


def _indicator(indicator: Indicator, cuts: Sequence[Mapping[Any, Any]]) -> str:
    facts = [
        ["name", f"{indicator.name_vi} · {indicator.name_en}"],
        ["unit", indicator.unit],
        ["direction", _BETTER[indicator.direction]],
        ["formula", f"`{_formula(indicator)}`"],
    ]
    if indicator.over_time in _OVER_TIME:
        facts.append(["over time", _OVER_TIME[indicator.over_time]])
    if indicator.over_space == "own":
        facts.append(["over places", "own rows only"])
    if indicator.table:
        dated = f", dated by `{indicator.date}`" if indicator.date else ""
        facts.append(["source", f"`{indicator.table}`, by {_PERIOD[indicator.freq]}{dated}"])
    facts += [["threshold", _cut(cut)] for cut in cuts]
    if indicator.reference:
        facts.append(["reference", indicator.reference])
    return f"### `{indicator.id}`\n\n{_grid(['', ''], facts)}"


def _cut(cut: Mapping[Any, Any]) -> str:
    """Return a threshold in words."""
    known = {k: v for k, v in cut.items() if v is not None and v == v}
    if cut["method"] == "cchart":
        rule = "control chart over the 12 periods before"
    else:
        rule = ", ".join(f"{k} {known[k]:g}" for k in ("green", "amber", "target") if k in known)
    source = f" ({known['source']})" if known.get("source") else ""
    return f"{rule}; {cut['basis']}{source}"


def _formula(indicator: Indicator) -> str:
    """Return how the value follows from the rows of the source table."""
    if indicator.parts:
        return " + ".join(
            f"{p.points:g} × clip(({p.indicator} − {p.zero:g}) / {p.full - p.zero:g}, 0, 1)"
            for p in indicator.parts
        )
    total = "sum" if indicator.over_time in ("sum", "open") else indicator.over_time
    formula = f"{total}({indicator.numerator})"
    if indicator.denominator == "population":
        formula += " / residents"
    elif indicator.denominator == "1":
        formula += " / count of rows"
    elif indicator.denominator:
        formula += f" / {total}({indicator.denominator})"
    if indicator.against is not None:
        before = (
            "same period last year"
            if indicator.against == "year"
            else (f"mean of the {indicator.against} periods before")
        )
        formula = f"{formula} / ({before})"
    if indicator.scale != 1:
        formula = f"{indicator.scale:,.10g} × {formula}"
    if indicator.offset:
        formula += f" {'+' if indicator.offset > 0 else '−'} {abs(indicator.offset):g}"
    if indicator.opened:
        closed = f" until {indicator.closed}" if indicator.closed else ""
        formula += f" from {indicator.opened}{closed}"
    return f"{formula} where {indicator.where}" if indicator.where else formula


# -- the command line -----------------------------------------------------------------------------


def _cli_page() -> str:
    command = typer.main.get_command(app)
    return _page(
        [
            "# The command line",
            _sentence(command.help),
            "Exit codes: 0 done; 1 nothing was stored because every row was refused; 2 an error, "
            "told in one sentence on the error stream.",
            *_commands("ioc", command),
        ]
    )


def _commands(prefix: str, group: Any) -> Iterator[str]:
    """Yield a section for each command, those of subgroups after their group's name."""
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            yield from _commands(f"{prefix} {name}", command)
        else:
            yield _command(f"{prefix} {name}", command)


def _command(name: str, command: Any) -> str:
    shown = [p for p in command.params if not p.hidden]
    usage = [name, *(_placeholder(p) for p in shown if p.required or _is_argument(p))]
    if any(not (p.required or _is_argument(p)) for p in shown):
        usage.append("[OPTIONS]")
    parts = [f"## `{name}`", _sentence(command.help), f"```\n{' '.join(usage)}\n```"]
    if shown:
        parts.append(_grid(["parameter", "meaning"], ([_spelled(p), _meaning(p)] for p in shown)))
    return "\n\n".join(parts)


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _placeholder(parameter: Any) -> str:
    name = parameter.name.rstrip("_").upper()
    if not _is_argument(parameter):
        return f"{parameter.opts[0]} {name}"
    return name if parameter.required else f"[{name}]"


def _spelled(parameter: Any) -> str:
    if _is_argument(parameter):
        return f"`{_placeholder(parameter)}`"
    return ", ".join(f"`{o}`" for o in [*parameter.opts, *parameter.secondary_opts])


def _meaning(parameter: Any) -> str:
    said = [_sentence(parameter.help)] if parameter.help else []
    if said and not said[0].endswith((".", "!", "?")):
        said[0] += "."
    if parameter.required:
        said.append("Required.")
    if parameter.multiple:
        said.append("May be repeated.")
    if isinstance(parameter.default, str | int | float) and parameter.default is not False:
        said.append(f"Default {parameter.default}.")
    return " ".join(said)


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split())


if __name__ == "__main__":
    sys.exit(main())
