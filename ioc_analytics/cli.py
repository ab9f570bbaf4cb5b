"""The command line: `ioc …`. Errors are one sentence; `--json` where a script would want it."""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as Grid

from ioc_analytics.errors import IocError

if TYPE_CHECKING:
    import pandas as pd

    from ioc_analytics.lake import Lake

__all__ = ["app", "main"]

app = typer.Typer(
    help="The workbench of the Thủ Đức City operations centre.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_out = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 200)
_err = Console(stderr=True, highlight=False, markup=False)

_LakeOption = Annotated[
    str | None, typer.Option("--lake", help="Folder of the lake; default IOC_LAKE or data/lake.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


def main() -> None:
    """Run the command line; a failure that a person can act on is printed as one sentence."""
    try:
        app()
    except IocError as error:
        _err.print(f"ioc: {error}", style="red", soft_wrap=True)
        sys.exit(2)


def _open(lake: str | None) -> Lake:
    """Open the lake that an option names; an empty name is a mistake, not the default."""
    if lake is not None and not lake.strip():
        raise IocError("--lake names no folder; leave it out for IOC_LAKE or data/lake.")
    from ioc_analytics.lake import open_lake

    return open_lake(lake)


def _print_frame(frame: pd.DataFrame, as_json: bool) -> None:
    if as_json:
        print(frame.to_json(orient="records", date_format="iso", force_ascii=False))
        return
    grid = Grid(*map(str, frame.columns))
    for row in frame.itertuples(index=False):
        grid.add_row(*map(_cell, row))
    _out.print(grid)


def _cell(value: Any) -> str:
    """Return a value as text, a missing one as nothing."""
    missing = value is None or (isinstance(value, float) and value != value)
    return "" if missing or str(value) == "NaT" else str(value)


@app.command()
def ingest(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, Parquet or GeoJSON export.")],
    table: Annotated[str, typer.Option("--table", "-t", help="Such as epidemic.cases_daily.")],
    as_of: Annotated[
        str | None, typer.Option(help="Day the city knew this; default today.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="COLUMN=VALUE for a column the file lacks, e.g. location=79."),
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="A header to leave out.")] = None,
    absent: Annotated[
        str | None,
        typer.Option(help="“zero”: the file writes no row for a day without events."),
    ] = None,
    mode: Annotated[str | None, typer.Option(help="“append” or “snapshot”.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a CSV.")] = None,
    decimal: Annotated[str | None, typer.Option(help="Decimal mark, “.” or “,”.")] = None,
    lake: _LakeOption = None,
    as_json: _Json = False,
) -> None:
    """Take an export into the lake; refused rows are kept with their reason."""
    pairs = [text.partition("=") for text in set_ or ()]
    for name, equals, _ in pairs:
        if not equals:
            raise IocError(f"--set takes COLUMN=VALUE, not “{name}”.")
    store = _open(lake)
    _load_reference(store)
    report = store.ingest(
        file,
        table,
        as_of=as_of,
        set_columns={name: value for name, _, value in pairs},
        ignore=ignore or (),
        absent=absent,
        mode=mode,
        encoding=encoding,
        decimal=decimal,
    )
    if as_json:
        counts = {k: v for k, v in vars(report).items() if isinstance(v, bool | int | str | tuple)}
        print(json.dumps(counts | {"as_of": report.as_of.isoformat()}, ensure_ascii=False))
    else:
        _out.print(str(report), soft_wrap=True)
        for hint in report.hints:
            _out.print(f"Note: {hint}", style="yellow", soft_wrap=True)
        if report.rejected:
            _print_frame(report.rejects[["line", "column", "value", "reason"]].head(10), False)
            _out.print(f"All of them: ioc rejects --table {table}")
    if report.rejected and not (report.stored or report.unchanged):
        sys.exit(1)


_REFERENCE_AS_OF = "2021-01-01"  # the city's first day; a file of one's own is newer


def _load_reference(store: Lake) -> None:
    """Make sure that the lake knows the wards and their population."""
    from ioc_analytics.places import REFERENCE

    if store.version("geography.wards") is None:
        store.ingest(REFERENCE / "wards.csv", "geography.wards", as_of=_REFERENCE_AS_OF)


@app.command()
def rejects(
    table: Annotated[str | None, typer.Option("--table", "-t", help="Only of one table.")] = None,
    lake: _LakeOption = None,
    as_json: _Json = False,
) -> None:
    """List the rows that were refused, with file, line, column, value and reason."""
    frame = _open(lake).rejects(table)
    if frame.empty and not as_json:
        _out.print("Nothing was refused.")
        return
    _print_frame(frame.drop(columns="ingest_id"), as_json)


@app.command()
def status(lake: _LakeOption = None, as_json: _Json = False) -> None:
    """Say what the lake holds, from when, and how fresh it is."""
    store = _open(lake)
    frame = store.status()
    if frame.empty and not as_json:
        _out.print(f"The lake {store.path} is empty; start with: ioc demo, or ioc ingest FILE")
        return
    _print_frame(frame, as_json)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="Such as: select * from epidemic.cases_daily")],
    as_of: Annotated[str | None, typer.Option(help="Only what was known on that day.")] = None,
    lake: _LakeOption = None,
    as_json: _Json = False,
) -> None:
    """Ask the lake in SQL."""
    _print_frame(_open(lake).sql(query, as_of), as_json)


@app.command()
def build(
    only: Annotated[list[str] | None, typer.Option(help="A mart; repeat for more.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also what is up to date.")] = False,
    lake: _LakeOption = None,
) -> None:
    """Compute every table that the dashboards show, where its data changed."""
    _build(_open(lake), only, force)


def _build(store: Lake, only: list[str] | None = None, force: bool = False) -> None:
    from ioc_analytics import marts

    _load_reference(store)
    with _err.status("Building …") as spinner, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        built = marts.build(
            store, only, force=force, progress=lambda name: spinner.update(f"Building {name} …")
        )
    for mart in built:
        done = "up to date" if mart.reused else f"{mart.rows} rows in {mart.seconds:.1f} s"
        _out.print(f"  {mart.name}: {done}")
    for message in sorted({str(warning.message) for warning in told}):
        _out.print(f"Note: {message}", style="yellow", soft_wrap=True)


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="Another seed gives another simulated city.")] = 0,
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Load the sample only into an empty lake.")
    ] = False,
    lake: _LakeOption = None,
) -> None:
    """Load the simulated sample through the real door and build the marts."""
    from ioc_analytics.twin import write_sample

    store = _open(lake)
    if not (if_empty and _needs_no_sample(store)):
        _load_reference(store)
        with tempfile.TemporaryDirectory() as folder:
            for sample in write_sample(Path(folder), seed):
                options: dict[str, Any] = dict(sample.options)
                report = store.ingest(sample.path, sample.table, simulated=True, **options)
                _out.print(f"  {report}", soft_wrap=True)
    _build(store)


def _needs_no_sample(store: Lake) -> bool:
    """Tell whether a lake holds real data already, or the whole sample."""
    from ioc_analytics.twin import SAMPLE_TABLES

    held = set(store.tables()) - {"geography.wards"}
    return not all(store.simulated(name) for name in held) or held >= set(SAMPLE_TABLES)


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8866,
    lake: _LakeOption = None,
) -> None:
    """Serve the dashboards to browsers on this machine until Ctrl-C."""
    from ioc_analytics.views.server import serve_dashboards

    serve_dashboards(_open(lake), port)
