"""A city of made-up tables for tests of the lake: contracts of every kind, rows put in directly."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from ioc_analytics import sectors
from ioc_analytics.contracts import Column, Identity, System, Table
from ioc_analytics.lake import Lake
from ioc_analytics.lake.revisions import arrow_schema

_NUMBER = itertools.count()

_PLACE = Column("location", "place", "Địa bàn", required=True)
COUNTS = Table(  # one figure a day and ward, with a running total
    name="lab.counts",
    vi="Số đếm",
    en="Counts",
    key=("date", "location"),
    date="date",
    freq="D",
    due_days=3,
    columns=(
        Column("date", "date", "Ngày", required=True),
        _PLACE,
        Column("n", "integer", "Số ca", unit="ca"),
        Column("total", "integer", "Cộng dồn", unit="ca", cumulative=True),
        Column("money", "number", "Số tiền", unit="triệu đồng"),
        Column("word", "text", "Loại"),
    ),
    identities=(Identity("total >= n", "cộng dồn không nhỏ hơn số trong ngày", "total covers n"),),
)
MONTHS = Table(  # figures of a plan year
    name="lab.months",
    vi="Số liệu tháng",
    en="Months",
    key=("month", "location"),
    date="month",
    freq="M",
    due_days=20,
    columns=(
        Column("month", "month", "Tháng", required=True),
        _PLACE,
        Column("spent", "number", "Đã chi", cumulative=True),
    ),
)
EVENTS = Table(  # one row an event
    name="lab.events",
    vi="Sự việc",
    en="Events",
    key=("event_id",),
    date="received",
    events=True,
    due_days=7,
    columns=(
        Column("event_id", "text", "Mã", required=True),
        Column("happened", "date", "Ngày xảy ra"),
        Column("received", "date", "Ngày nhận", required=True, not_before="happened"),
        Column("returned", "date", "Ngày trả", not_before="received"),
        _PLACE,
        Column("words", "text", "Nội dung"),
    ),
)


def install(patch: pytest.MonkeyPatch, *tables: Table) -> None:
    """Put made-up tables of a system “lab”, and only them, in the place of the city's."""
    patch.setattr(sectors, "tables", lambda: {t.name: t for t in tables})
    patch.setattr(sectors, "systems", lambda: {"lab": System("lab", "Thử nghiệm", "Laboratory")})
    patch.setattr(sectors, "indicators", dict)


def write(
    lake: Lake,
    table: str,
    rows: Sequence[Mapping[str, Any]],
    as_of: str | dt.date,
    *,
    snapshot: bool = False,
    simulated: bool = False,
    rejected: int = 0,
    covers: tuple[str, str] | None = None,
    flags: str | None = None,
) -> str:
    """Append typed rows (days may be ISO text) as one file; return the file's name."""
    contract = sectors.table(table)
    frame = pd.DataFrame([dict(row) for row in rows])
    columns = {}
    for field in arrow_schema(contract):
        cells = frame[field.name] if field.name in frame else [None] * len(rows)
        columns[field.name] = pa.array([_typed(c, field.type) for c in cells], field.type)
    data = pa.table(columns)
    data = data.append_column("_line", pa.array(range(2, len(rows) + 2), pa.int64()))
    data = data.append_column("_flags", pa.array([flags] * len(rows), pa.string()))
    number = next(_NUMBER)
    name = f"file {number}"
    facts = {"file": name, "as_of": str(as_of), "simulated": str(simulated)}
    lake.append(
        contract,
        data,
        as_of=dt.date.fromisoformat(str(as_of)),
        ingest_id=f"lab {number}",
        metadata={"ingest_id": f"lab {number}", "rejected": str(rejected), **facts},
        snapshot=snapshot,
        simulated=simulated,
        **({"covers": tuple(map(dt.date.fromisoformat, covers))} if covers else {}),
    )
    return name


def _typed(cell: Any, kind: pa.DataType) -> Any:
    if cell is None or cell != cell:
        return None
    if isinstance(cell, str) and pa.types.is_date(kind):
        return dt.date.fromisoformat(cell)
    return int(cell) if pa.types.is_integer(kind) else cell


def days(start: str, count: int, step: int = 1) -> list[str]:
    """Return ISO days from a first one."""
    first = dt.date.fromisoformat(start)
    return [(first + dt.timedelta(days=i * step)).isoformat() for i in range(count)]
