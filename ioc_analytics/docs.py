"""Pages under `docs/` that come from the code: `tables.md` from the contracts, `cli.md` from `ioc`.

``python -m ioc_analytics.docs`` writes them; with ``--check`` it fails where a file is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer.main

from ioc_analytics import sectors
from ioc_analytics.cli import app
from ioc_analytics.contracts import Column, Indicator, Table

__all__ = ["DOCS", "main", "pages"]

DOCS = Path(__file__).resolve().parents[1] / "docs"
_HEAD = "<!-- Written by `make docs` from the code; change the code, not this page. -->"
_BETTER = {"higher": "more is better", "lower": "less is better", "neutral": "neither way"}
_PERIOD = {"D": "day", "W": "week", "M": "month"}


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
    ['cli.md', 'tables.md']
    """
    return {"tables.md": _tables_page(), "cli.md": _cli_page()}


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
    tables, indicators = sectors.tables(), sectors.indicators()
    return _page(
        [
            "# Tables and indicators",
            "A file is read by its headers. Case, accents and punctuation do not matter; each "
            "column is known by its name, its Vietnamese header and the aliases beside it.",
            "## Tables",
            *(_table(tables[name]) for name in sorted(tables)),
            "## Indicators",
            "Over any period and place the value is formed from sums, never from a mean of ratios; "
            "a missing value stays missing. `last` takes the newest row of a period.",
            *(_indicator(indicators[name]) for name in sorted(indicators)),
        ]
    )


def _table(table: Table) -> str:
    facts = [f"{table.vi} · {table.en}", f"Key: {', '.join(f'`{k}`' for k in table.key)}."]
    if table.date:
        facts.append(f"Dated by `{table.date}`.")
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
    return "; ".join(rules)


def _indicator(indicator: Indicator) -> str:
    facts = [
        ["name", f"{indicator.name_vi} · {indicator.name_en}"],
        ["unit", indicator.unit],
        ["direction", _BETTER[indicator.direction]],
        ["formula", f"`{_formula(indicator)}`"],
        ["source", f"`{indicator.table}`, by {_PERIOD[indicator.freq]}"],
    ]
    if indicator.reference:
        facts.append(["reference", indicator.reference])
    return f"### `{indicator.id}`\n\n{_grid(['', ''], facts)}"


def _formula(indicator: Indicator) -> str:
    """Return how the value follows from the rows of the source table."""
    total = "last" if indicator.over_time == "last" else "sum"
    formula = f"{total}({indicator.numerator})"
    if indicator.denominator == "population":
        formula += " / residents"
    elif indicator.denominator == "1":
        formula += " / count of rows"
    elif indicator.denominator:
        formula += f" / {total}({indicator.denominator})"
    if indicator.scale != 1:
        formula = f"{indicator.scale:,.10g} × {formula}"
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
