"""The command line: `ioc …`. Errors are one sentence; `--json` where a script would want it."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as Grid

from ioc_analytics.errors import IocError
from ioc_analytics.text import nearest

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
    file: Annotated[
        Path,
        typer.Argument(help="CSV, XLSX, Parquet, GeoJSON, GeoPackage or Shapefile export."),
    ],
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
    crs: Annotated[
        str | None, typer.Option(help="Of a geographic file that does not say, e.g. EPSG:9210.")
    ] = None,
    covers: Annotated[
        str | None,
        typer.Option(
            help="FIRST..LAST: the days for which a file of events states all there was; "
            "default from its first to its last row."
        ),
    ] = None,
    lake: _LakeOption = None,
    as_json: _Json = False,
) -> None:
    """Take an export into the lake; refused rows are kept with their reason."""
    pairs = [text.partition("=") for text in set_ or ()]
    for name, equals, _ in pairs:
        if not equals:
            raise IocError(f"--set takes COLUMN=VALUE, not “{name}”.")
    from ioc_analytics.demo import load_reference

    store = _open(lake)
    load_reference(store)
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
        crs=crs,
        covers=_span(covers),
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


def _span(covers: str | None) -> tuple[str, str] | None:
    if covers is None:
        return None
    first, dots, last = covers.partition("..")
    if not dots:
        raise IocError(
            f"--covers takes FIRST..LAST, such as 2021-10-01..2021-10-31, not “{covers}”."
        )
    return first, last


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
    from ioc_analytics import sectors

    store = _open(lake)
    frame = store.status()
    if frame.empty and not as_json:
        _out.print(f"The lake {store.path} is empty; start with: ioc demo, or ioc ingest FILE")
        return
    _print_frame(frame, as_json)
    held = {name.partition(".")[0] for name in frame.get("table", ())}
    absent = [f"{s.vi} ({s.id})" for s in sectors.systems().values() if s.id not in held]
    if absent and not as_json:
        _out.print(f"No data yet (chưa có dữ liệu): {', '.join(absent)}", soft_wrap=True)


@app.command()
def quality(
    system: Annotated[str | None, typer.Option(help="Only of one system, e.g. health.")] = None,
    as_of: Annotated[str | None, typer.Option(help="As the data were known on that day.")] = None,
    findings: Annotated[
        bool, typer.Option("--findings", help="List every finding, not only the scores.")
    ] = False,
    lake: _LakeOption = None,
    as_json: _Json = False,
) -> None:
    """Score each system's readiness, and name what is wrong with its data."""
    from ioc_analytics import sectors
    from ioc_analytics.lake.quality import check
    from ioc_analytics.lake.readiness import readiness

    if system is not None and system not in sectors.systems():
        raise IocError(
            f"There is no system “{system}”{nearest(system, sectors.systems())}. "
            f"Known: {', '.join(sectors.systems())}."
        )
    store = _open(lake)
    frame = check(store, as_of=as_of) if findings else readiness(store, as_of=as_of)
    _print_frame(frame[frame["system"] == system] if system else frame, as_json)


@app.command()
def changes(
    table: Annotated[str, typer.Argument(help="Such as epidemic.cases_daily.")],
    since: Annotated[str, typer.Argument(help="A day: what was known then …")],
    until: Annotated[str, typer.Argument(help="… beside what was known on this day.")],
    lake: _LakeOption = None,
    as_json: _Json = False,
) -> None:
    """List the rows of a table that appeared, changed or vanished between two days, and why."""
    from ioc_analytics.lake.changes import changes as between

    frame = between(_open(lake), table, since, until)
    if frame.empty and not as_json:
        _out.print(f"Nothing about {table} became known between {since} and {until}.")
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
    from ioc_analytics.demo import load_reference

    load_reference(store)
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
        bool, typer.Option("--if-empty", help="Leave a lake alone that holds data of its own.")
    ] = False,
    overview: Annotated[
        bool, typer.Option("--overview", help="Only what the first page shows.")
    ] = False,
    lake: _LakeOption = None,
) -> None:
    """Simulate the city, take in the exports of its systems and build what the pages show."""
    from ioc_analytics.marts import PAGES

    store = _open(lake)
    if not (if_empty and _is_real(store)):
        _load_city(store, seed, overview)
    _build(store, list(PAGES["overview"]) if overview else None)


def _is_real(store: Lake) -> bool:
    """Tell whether a lake holds data that are not simulated."""
    return any(not store.simulated(name) for name in store.tables() if name != "geography.wards")


def _load_city(store: Lake, seed: int, overview: bool) -> None:
    """Take in the systems of the simulated city that a lake does not hold yet."""
    from ioc_analytics.demo import LATER_SYSTEMS, OVERVIEW_SYSTEMS, demo_state, load_city

    held = demo_state(store)
    wanted = OVERVIEW_SYSTEMS if overview else (*OVERVIEW_SYSTEMS, *LATER_SYSTEMS)
    missing = [s for s in wanted if not held or held[0] != seed or s not in held[1]]
    if not missing:
        return
    with _err.status(f"Simulating the city (seed {seed}) …") as spinner:
        reports = load_city(
            store, seed, missing, progress=lambda what, _rows: spinner.update(f"{what} …")
        )
    for table in dict.fromkeys(r.table for r in reports):
        here = [r for r in reports if r.table == table]
        stored, rejected = (sum(getattr(r, k) for r in here) for k in ("stored", "rejected"))
        _out.print(f"  {table}: {stored:,} rows from {len(here)} exports, {rejected} rejected")


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8866,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="Without data, simulate the city first; serving starts with the overview while "
            "the rest is loaded.",
        ),
    ] = False,
    lake: _LakeOption = None,
) -> None:
    """Serve the dashboards to browsers on this machine until Ctrl-C."""
    from ioc_analytics.views.server import require_free, serve_dashboards

    store = _open(lake)
    require_free(port)
    if demo and not _is_real(store):
        _demo_overview(store)
        with _loading(store):
            serve_dashboards(store, port)
    else:
        serve_dashboards(store, port)


def _demo_overview(store: Lake) -> None:
    from ioc_analytics.marts import PAGES

    _load_city(store, 0, overview=True)
    _build(store, list(PAGES["overview"]))


@contextmanager
def _loading(store: Lake) -> Iterator[None]:
    """Load and build the rest of the demo beside the server; both stop together.

    What was stopped half-way goes on at the next start: files that are in are not taken in again.
    """
    command = [sys.executable, "-c", "from ioc_analytics.cli import main; main()"]
    log = Path("." if "://" in store.path else store.path) / "demo.log"
    with log.open("w", encoding="utf-8") as output:
        loader = subprocess.Popen(
            [*command, "demo", "--if-empty", "--lake", store.path],
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C reaches the server, which stops it
        )
    try:
        yield
    finally:
        loader.terminate()
        loader.wait()


_layers = typer.Typer(help="Map layers.", no_args_is_help=True)
app.add_typer(_layers, name="layer")


@_layers.command("add")
def add_layer(
    file: Annotated[Path, typer.Argument(help="GeoJSON, GeoPackage or Shapefile, also zipped.")],
    name: Annotated[str, typer.Option(help="Vietnamese name of the layer.")],
    source: Annotated[str, typer.Option(help="Who issued it.")],
    date: Annotated[str, typer.Option(help="Day on which it was true.")],
    audience: Annotated[
        str, typer.Option(help="leader, researcher, analyst, investigator, admin.")
    ],
    style: Annotated[
        str | None, typer.Option(help="Such as “colour=#d73027 symbol=square line=dashed”.")
    ] = None,
    crs: Annotated[
        str | None, typer.Option(help="Such as EPSG:9210, where the file does not say.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Day the city knew this.")] = None,
    lake: _LakeOption = None,
) -> None:
    """Take a map layer (WGS84 or VN-2000) into the catalogue."""
    from ioc_analytics.lake import layers

    report = layers.add_layer(
        _open(lake),
        file,
        name=name,
        source=source,
        date=date,
        audience=audience,
        style=style,
        crs=crs,
        as_of=as_of,
    )
    _out.print(str(report), soft_wrap=True)


@_layers.command("list")
def list_layers(
    audience: Annotated[str, typer.Option(help="Who looks.")] = "leader",
    as_of: Annotated[str | None, typer.Option(help="As known on that day.")] = None,
    lake: _LakeOption = None,
    as_json: _Json = False,
) -> None:
    """List the map layers that an audience may see."""
    from ioc_analytics.lake import layers

    columns = ["layer_id", "name_vi", "source", "date", "audience", "features", "simulated"]
    _print_frame(layers.layers(_open(lake), audience, as_of)[columns], as_json)


@_layers.command("hide")
def hide_layer(
    layer_id: Annotated[str, typer.Argument(help="As `ioc layer list` shows it.")],
    as_of: Annotated[str | None, typer.Option(help="Day from which it does not show.")] = None,
    lake: _LakeOption = None,
) -> None:
    """Take a layer off the list; it stays in the lake."""
    from ioc_analytics.lake import layers

    layers.hide_layer(_open(lake), layer_id, as_of=as_of)
    _out.print(f"Layer {layer_id} does not show any more.")
