"""What is wrong with the data: named checks, each one table in and findings out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import pandas as pd

from ioc_analytics import sectors
from ioc_analytics.lake.contradictions import CONTRADICTIONS
from ioc_analytics.lake.findings import Check, Finding, Held, held
from ioc_analytics.lake.gaps import GAPS
from ioc_analytics.lake.past import day_of
from ioc_analytics.lake.store import Store
from ioc_analytics.lake.suspicions import SUSPICIONS

__all__ = ["COLUMNS", "check", "newest_day"]

COLUMNS = [
    *("system", "table", "check", "severity", "location", "date", "n"),
    *("message_vi", "message_en", "example"),
]
_SHOWN = 3  # headers that a sentence names
_REPEATED = "lặp lại một dòng khác"
_REASONS_VI = (  # words of the door's sentence, and what they mean
    ("^repeats line", _REPEATED),
    ("^stands with different values", "cùng khoá nhưng khác giá trị"),
    ("address leaves it open", "địa chỉ chưa đủ để biết phường"),
    ("^is missing", "thiếu giá trị"),
    ("secret|secrecy", "văn bản mật hoặc chưa rõ độ mật"),
    ("may mean a decimal", "không rõ dấu thập phân hay dấu hàng nghìn"),
    ("may be day first", "không rõ ngày trước hay tháng trước"),
    ("ceased|exists since|ward of 2025", "đơn vị hành chính không còn hoặc chưa có vào ngày đó"),
    ("^is ambiguous", "tên địa bàn chỉ nhiều nơi"),
    ("known (place|ward|district)|name of", "không nhận ra địa bàn"),
    ("known value", "giá trị không có trong danh mục"),
    ("^is (below|above)|too large", "nằm ngoài khoảng cho phép"),
    ("became known|mistyped", "ngày không hợp lý"),
    ("date|day|month|Monday|time", "không đọc được ngày giờ"),
    ("number", "không đọc được số"),
    ("polygon|geometry|Viet Nam|shape", "hình học không hợp lệ"),
    ("fields", "số cột của dòng khác với dòng tiêu đề"),
)
_FLAGS_VI = (
    ("negative", "giá trị âm, hiệu chỉnh báo cáo trước"),
    ("absent=0", "ngày không có dòng, ghi là 0"),
    ("location from address", "phường suy từ địa chỉ"),
    ("ambiguous address", "địa chỉ chỉ nhiều phường"),
)
_REJECTS = ((0.05, "error"), (0.01, "warning"))  # share of refused rows


def _rejects(held: Held) -> list[Finding]:
    """Refused rows by reason, and their share of all rows read."""
    files = held.files()
    refused = held.store.rejects(held.table.name)
    refused = refused[refused["ingest_id"].isin(files["ingest_id"])]
    found = []
    for kind, rows in refused.groupby(refused["reason"].map(_reason_vi)):
        n, first = len(rows.drop_duplicates(["ingest_id", "line"])), rows.iloc[0]
        severity = "note" if kind == _REPEATED else "warning"
        vi = f"{n} dòng bị từ chối: {kind}{_headers_vi(held, rows['column'])}"
        en = f"{n} rows were refused: {first['column']} {first['reason']}".replace("  ", " ")
        example = f"{first['file']}, {first['line']}: {first['column']} “{first['value']}”"
        found.append(Finding("rejects", severity, n, vi, en, example=example))
    lost = int(files["rejected"].sum())
    share = lost / max(lost + int(files[["rows", "unchanged"]].to_numpy().sum()), 1)
    severity = next((name for least, name in _REJECTS if share >= least), "")
    if severity:
        percent = f"{share:.1%}"
        vi = f"{percent.replace('.', ',')} số dòng bị từ chối"
        en = f"{percent} of the rows were refused"
        found.append(Finding("rejects_share", severity, lost, vi, en))
    return found


def _reason_vi(reason: str) -> str:
    """Return why the door refused a row, as a Vietnamese reader says it."""
    return next((vi for words, vi in _REASONS_VI if re.search(words, reason)), "không đọc được")


def _headers_vi(held: Held, columns: pd.Series) -> str:
    """Return the Vietnamese headers of the columns that were refused, the first few of them."""
    named = [f"“{c.vi}”" for c in held.table.columns if c.name in set(columns)]
    more = " …" if len(named) > _SHOWN else ""
    return f" (cột {', '.join(named[:_SHOWN])}{more})" if named else ""


def _flag_vi(flag: str) -> str:
    """Return a mark of the door in Vietnamese; a word that is not known stays as it is."""
    return next((vi for words, vi in _FLAGS_VI if flag.startswith(words)), flag)


def _vintages(held: Held) -> list[Finding]:
    """Files that arrived after files of a later day."""
    files = held.files()
    late = files[files["as_of"] < files["as_of"].cummax()]
    if late.empty:
        return []
    n, first = len(late), late.iloc[0]
    return [
        Finding(
            "late_file",
            "note",
            n,
            f"{n} tệp đến sau tệp của ngày muộn hơn",
            f"{n} files arrived after files of a later day",
            date=first["as_of"].date(),
            example=str(first["file"]),
        )
    ]


def _flags(held: Held) -> list[Finding]:
    """Rows that the door marked: corrections, filled zeros, addresses that mean several places."""
    found = []
    for flag, n, example in held.rows(
        f"select flag, count(*), any_value(example) from (select unnest(string_split(_flags, '; '))"
        f" as flag, {held.key} as example from known where _flags is not null) group by flag "
        "order by flag"
    ):
        unclear = "ambiguous" in flag
        name, severity = ("ambiguous_address", "warning") if unclear else ("flags", "note")
        vi, en = f"{n} dòng được đánh dấu: {_flag_vi(flag)}", f"{n} rows are marked: {flag}"
        found.append(Finding(name, severity, n, vi, en, example=example))
    return found


_FILES: tuple[Check, ...] = (_rejects, _vintages, _flags)


def newest_day(store: Store, *, feeds: bool = False) -> dt.date | None:
    """Return the newest `as_of` of any file in the lake; None when it is empty.

    With `feeds`, of tables whose rows have days; a list of wards taken in today does not make a
    feed of last year stale.
    """
    names = store.tables()
    dated = [name for name in names if sectors.table(name).date]
    days = [store.history(name)["as_of"].max() for name in (dated if feeds else []) or names]
    return max(days).date() if days else None


_CHECKS = (*GAPS, *CONTRADICTIONS, *SUSPICIONS, *_FILES)


def check(
    store: Store,
    tables: Sequence[str] | None = None,
    *,
    as_of: str | dt.date | None = None,
    today: str | dt.date | None = None,
) -> pd.DataFrame:
    r"""Return what the checks find in the lake's tables.

    Parameters
    ----------
    store : Store
        The lake.
    tables : sequence of str, optional
        Names of tables; default all, and then a system without any data is a finding too.
    as_of : date or ISO text, optional
        Look at what was known on that day; default all that is known.
    today : date or ISO text, optional
        The day from which a feed is stale; default `as_of`, else the newest `as_of` of a table
        whose rows have days.

    Returns
    -------
    DataFrame
        `system, table, check, severity ("error", "warning" or "note"), location (None: not of one
        place), date (of the first case), n (how many rows, periods or days), message_vi,
        message_en, example`; errors first. No row: nothing was found.

    Raises
    ------
    ContractError
        No such table.

    Notes
    -----
    The checks and their limits: `missing_days` (periods without row between a place's first and
    the table's last; for events, days that no file covers), `missing_wards`, `stale_feed` (nothing
    newer than `Table.due_days`; an error after three times as long), `duplicates`,
    `falling_cumulative`, `wards_not_city`, `event_after_report`, `identity`, `threshold`,
    `bulk_registration`, `unit_jump`, `rejects` and `rejects_share` (1 % warning, 5 % error),
    `late_file`, `ambiguous_address`, `flags`, `no_data`. An error contradicts itself; a warning
    may be true and needs a look; a note is for the record. Each table is read once.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from ioc_analytics.lake import open_lake
    >>> folder = tempfile.TemporaryDirectory()
    >>> export = Path(folder.name, "cases.csv")
    >>> _ = export.write_text("date,location,new_cases\n2021-07-01,769,5\n2021-07-04,769,6")
    >>> lake = open_lake(f"{folder.name}/lake")
    >>> _ = lake.ingest(export, "epidemic.cases_daily", as_of="2021-07-05")
    >>> found = check(lake, ["epidemic.cases_daily"])
    >>> found.loc[0, ["check", "location", "message_en"]].to_list()
    ['missing_days', '769', '2 periods without figures, the first is 2021-07-02']
    >>> folder.cleanup()
    """
    for name in tables or ():
        sectors.table(name)
    newest = newest_day(store)
    if newest is None:
        return _frame([] if tables is not None else _no_data(set()))
    seen_from = day_of(today or as_of or newest_day(store, feeds=True) or newest)
    day = day_of(as_of) if as_of else newest
    found: list[tuple[str, str, Finding]] = []
    full = set()
    for name in store.tables():
        table = sectors.table(name)
        if (tables is not None and name not in tables) or not _known(store, name, day):
            continue
        full.add(table.system)
        with held(store, table) as at:
            here = at(day, seen_from)
            found += [(table.system, name, f) for test in _CHECKS for f in test(here)]
    return _frame(found if tables is not None else found + _no_data(full))


def _known(store: Store, table: str, day: dt.date) -> bool:
    """Tell whether a table held anything on a day."""
    return bool((store.history(table)["as_of"] <= pd.Timestamp(day)).any())


def _no_data(full: set[str]) -> list[tuple[str, str, Finding]]:
    """Return a finding for each of the city's systems of which the lake holds nothing."""
    nothing = Finding("no_data", "warning", 0, "chưa có dữ liệu", "no data yet")
    return [(s, "", nothing) for s in sectors.systems() if s not in full and s != "settings"]


def _frame(found: Sequence[tuple[str, str, Finding]]) -> pd.DataFrame:
    rows = [
        (system, table, f.check, f.severity, f.location, f.date, f.n, f.vi, f.en, f.example)
        for system, table, f in found
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["date"] = pd.to_datetime(frame["date"])
    rank = frame["severity"].map({"error": 0, "warning": 1, "note": 2})
    order = frame.assign(_rank=rank).sort_values(["_rank", "table", "check"], kind="stable")
    return order.drop(columns="_rank").reset_index(drop=True)
