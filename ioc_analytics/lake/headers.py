"""Headers of a file and the columns of a table that they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ioc_analytics.contracts import Column, Table
from ioc_analytics.errors import ContractError
from ioc_analytics.lake.readers import RawTable
from ioc_analytics.text import fold, nearest

__all__ = ["match_columns"]

_ROW_NUMBERS = {"stt", "tt", "so thu tu", "no"}  # headers of columns that only count the rows


def match_columns(
    table: Table, raw: RawTable, options: Mapping[str, Any], file: str
) -> dict[str, tuple[Column, str | None]]:
    """Tell which column of a table each header of a file means.

    Parameters
    ----------
    table : Table
        The contract.
    raw : RawTable
        The file's columns.
    options : mapping
        `ignore` lists headers to leave out, `set` names columns whose value is given.
    file : str
        Named in errors.

    Returns
    -------
    dict
        Header -> column, and the level of place that the header names (“Phường”) or None. Columns
        that only count the rows (“STT”) are left out.

    Raises
    ------
    ContractError
        A header is unknown, two mean one column, or a column that the table needs is missing.
    """
    matched: dict[str, tuple[Column, str | None]] = {}
    unknown = []
    left_out = {fold(header) for header in options["ignore"]}
    headers = [h for h in raw.columns if fold(h) not in left_out | _ROW_NUMBERS]
    for header in headers:
        column = _column_of(table, header, headers)
        if column is None:
            unknown.append(header)
        elif column.name in [c.name for c, _ in matched.values()]:
            raise ContractError(
                f"{file}: two columns mean {table.name}.{column.name}; leave one out with "
                f"--ignore “{header}”."
            )
        else:
            matched[header] = (column, _header_level(column, header))
    if unknown:
        known = [h for c in table.columns for h in (c.name, c.vi)]
        raise ContractError(
            f"{file}: {table.name} knows no column “{unknown[0]}”{nearest(unknown[0], known)}; "
            f"rename it, or leave it out with --ignore “{unknown[0]}”."
        )
    present = {c.name for c, _ in matched.values()} | set(options["set"])
    for column in table.columns:
        needed = column.required or column.name in table.key or column.secret
        by_address = column.name == table.place and "address" in present
        if needed and column.name not in present and not by_address:
            raise ContractError(
                f"{file} has no column {column.name} (“{column.vi}”), which {table.name} needs; "
                f"if all rows share one value: --set {column.name}=VALUE."
            )
    return matched


def _column_of(table: Table, header: str, headers: Sequence[str]) -> Column | None:
    """Return the column that a header means beside the file's others.

    Beside a code (“Mã phường”), a header that names a level (“Phường”) holds the place's name.
    """
    column = table.match_header(header)
    if column is None or _header_level(column, header) is None:
        return column
    coded = any(
        table.match_header(other) is column and _header_level(column, other) is None
        for other in headers
    )
    return next((c for c in table.columns if c.names_place), column) if coded else column


def _header_level(column: Column, header: str) -> str | None:
    return next((lv for h, lv in column.place_level.items() if fold(h) == fold(header)), None)
