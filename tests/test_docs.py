"""What is documented: every command, table and indicator; generated pages in step with the code."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

import ioc_analytics
from ioc_analytics import docs, sectors
from ioc_analytics.cli import app
from ioc_analytics.contracts import Column, Indicator, Table

ROOT = Path(__file__).resolve().parents[1]


def _commands(group: Any, prefix: str = "ioc") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


COMMANDS = dict(_commands(typer.main.get_command(app)))


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def _section(page: str, title: str) -> str:
    """Return the part of a page under a heading, up to the next one."""
    _, found, rest = page.partition(f" `{title}`\n")
    assert found, f"no section about {title}"
    return rest.partition("\n#")[0]


# -- in step with the code ------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(docs.pages()))
def test_generated_page_is_as_the_code_says(name):
    assert _page(name) == docs.pages()[name], "run: make docs"


def test_check_tells_a_stale_page_and_writing_mends_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(docs, "DOCS", tmp_path / "docs")
    assert docs.main(["--check"]) == 1
    assert "docs/tables.md is stale; run: make docs" in capsys.readouterr().err
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
    (tmp_path / "docs" / "cli.md").write_text("another text", encoding="utf-8")
    assert docs.main(["--check"]) == 1
    assert capsys.readouterr().err == "docs/cli.md is stale; run: make docs\n"
    assert docs.main(["--chekc"]) == 2


# -- complete -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_command_is_documented(name):
    assert f"{name}" in (ROOT / "README.md").read_text(encoding="utf-8") + _page("cli.md")
    section = _section(_page("cli.md"), name)
    for parameter in COMMANDS[name].params:
        if not parameter.hidden:
            spelled = [parameter.name.upper()] if parameter.required else parameter.opts
            assert any(word in section for word in spelled)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_is_for(name):
    silent = [p.name for p in COMMANDS[name].params if not p.hidden and not p.help]
    assert not silent


@pytest.mark.parametrize("table", sectors.tables().values(), ids=lambda t: t.name)
def test_table_is_documented(table: Table):
    section = _section(_page("tables.md"), table.name)
    assert table.vi in section
    assert table.en in section
    assert ", ".join(f"`{k}`" for k in table.key) in section
    for column in table.columns:
        _assert_documented(column, section)


def _assert_documented(column: Column, section: str) -> None:
    [line] = [row for row in section.splitlines() if row.startswith(f"| `{column.name}` |")]
    for word in (column.kind, column.unit, column.vi, *column.aliases, *column.allowed):
        assert word in line


@pytest.mark.parametrize("indicator", sectors.indicators().values(), ids=lambda i: i.id)
def test_indicator_is_documented(indicator: Indicator):
    section = _section(_page("indicators.md"), indicator.id)
    assert indicator.reference, "name the section of DOMAIN.md or the source of the formula"
    for word in (
        indicator.name_vi,
        indicator.name_en,
        indicator.unit,
        indicator.table,
        indicator.numerator,
        indicator.where,
        indicator.opened,
        indicator.date or "",
        indicator.reference,
        *(part.indicator for part in indicator.parts),
    ):
        assert word.replace("|", "∣") in section


@pytest.mark.parametrize("system", sectors.systems().values(), ids=lambda s: s.id)
def test_every_system_has_at_least_five_indicators_and_none_is_padding(system):
    declared = [i for i in sectors.indicators().values() if i.id.startswith(f"{system.id}.")]
    if system.id == "settings":  # how the others are judged, not a system of the city
        assert not declared
        return
    assert len(declared) >= 5
    counts = [i for i in declared if i.denominator is None and i.over_time == "sum"]
    plain = [i for i in counts if i.against is None and not i.parts and not i.where]
    assert len(plain) <= len(declared) / 2


def test_there_are_at_least_seventy_indicators_and_they_are_different_ones():
    declared = sectors.indicators().values()
    assert len(declared) >= 70
    assert len({(docs._formula(i), i.table, i.date) for i in declared}) == len(declared)


@pytest.mark.parametrize("name", ioc_analytics.__all__)
def test_public_name_is_documented(name):
    assert inspect.getdoc(getattr(ioc_analytics, name))


# -- formulas -------------------------------------------------------------------------------------


def _formula(**declared: Any) -> str:
    plain = {"unit": "", "direction": "lower", "table": "x.y", "numerator": "cases", "freq": "D"}
    return docs._formula(Indicator("x.z", "", "", **(plain | declared)))


@pytest.mark.parametrize(
    ("declared", "formula"),
    [
        ({}, "sum(cases)"),
        ({"denominator": "visits", "scale": 100}, "100 × sum(cases) / sum(visits)"),
        ({"denominator": "population", "scale": 1e5}, "100,000 × sum(cases) / residents"),
        ({"denominator": "1"}, "sum(cases) / count of rows"),
        ({"over_time": "last", "where": "kind = 'a'"}, "last(cases) where kind = 'a'"),
        ({"over_time": "median"}, "median(cases)"),
        (
            {"over_time": "open", "opened": "due", "closed": "done"},
            "sum(cases) from due until done",
        ),
        (
            {"against": 4, "scale": 100, "offset": -100},
            "100 × sum(cases) / (mean of the 4 periods before) − 100",
        ),
        ({"against": "year"}, "sum(cases) / (same period last year)"),
    ],
)
def test_formula_says_how_the_value_is_formed(declared, formula):
    assert _formula(**declared) == formula
