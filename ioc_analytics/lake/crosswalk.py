"""The 34 wards of 2021 and the 12 of 2025: which one a row means, and how figures go over.

Three old wards were divided, so an old ward's figures are shared out by weights. The weights are
whole 64ths: a whole count below 2**46 is multiplied, split and added up again without rounding, so
that the city's total before and after is the same number.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ioc_analytics.contracts import Table
from ioc_analytics.errors import ContractError
from ioc_analytics.lake.checks import Problem
from ioc_analytics.places import REFERENCE, WARDS_UNTIL, places, ward_codes, ward_codes_2025

__all__ = ["crosswalk", "place_by_date", "to_new_wards", "to_old_wards"]

_GRID = 64  # weights are multiples of 1/64
_BASES = ("whole", "estimate")


def crosswalk(file: str | Path | None = None) -> pd.DataFrame:
    """Which new ward an old one went to, and with what share of its people and events.

    Parameters
    ----------
    file : str or Path, optional
        CSV with `old, new, weight, basis, source`; weights as “26/64” or as a decimal. Default:
        `data/reference/crosswalk.csv`, which may be edited.

    Returns
    -------
    DataFrame
        `old, new, weight, basis`, by old and new code; `basis` is "whole" (the ward was not
        divided) or "estimate" (see docs/decisions.md). The weights of an old ward add to 1.

    Raises
    ------
    ContractError
        A ward is unknown or missing, a weight is no multiple of 1/64 above 0, or the weights of a
        ward do not add to 1; each by name.

    Examples
    --------
    >>> links = crosswalk()
    >>> len(links), links["old"].nunique(), links["new"].nunique()
    (37, 34, 12)
    >>> links[links["old"] == "26821"].to_numpy().tolist()  # Linh Đông was divided
    [['26821', '26812-2025', 0.40625, 'estimate'], ['26821', '26824-2025', 0.59375, 'estimate']]
    """
    path = Path(file) if file else REFERENCE / "crosswalk.csv"
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    shares: dict[str, Fraction] = dict.fromkeys(ward_codes(), Fraction(0))
    links = []
    for row in rows:
        old, new, weight = _link(path.name, row)
        shares[old] += weight
        links.append((old, new, float(weight), row["basis"]))
    for old, share in shares.items():
        if share != 1:
            raise ContractError(
                f"{path.name}: the weights of {places()[old].name_vi} ({old}) add to {share}, not "
                "to 1; correct them."
            )
    frame = pd.DataFrame(links, columns=["old", "new", "weight", "basis"])
    if frame.duplicated(["old", "new"]).any():
        twice = frame[frame.duplicated(["old", "new"])].iloc[0]
        raise ContractError(f"{path.name}: {twice['old']} to {twice['new']} stands twice.")
    return frame.sort_values(["old", "new"], ignore_index=True)


def _link(file: str, row: dict[str, str]) -> tuple[str, str, Fraction]:
    """Read one line of the crosswalk."""
    for name in ("old", "new", "weight", "basis"):
        if not row.get(name):
            raise ContractError(f"{file}: a line has no “{name}”: {dict(row)}.")
    old, new = row["old"], row["new"]
    if old not in ward_codes() or new not in ward_codes_2025():
        raise ContractError(f"{file}: “{old}” to “{new}” is not an old ward and a new one.")
    try:
        weight = Fraction(row["weight"])
    except (ValueError, ZeroDivisionError):
        why = f"{file}: the weight “{row['weight']}” of {old} is no number."
        raise ContractError(why) from None
    if weight <= 0 or (weight * _GRID).denominator != 1:
        raise ContractError(
            f"{file}: the weight {row['weight']} of {old} to {new} is no multiple of 1/{_GRID} "
            f"above 0; write it as n/{_GRID}, so that totals stay exact."
        )
    if row["basis"] not in _BASES:
        raise ContractError(f"{file}: the basis “{row['basis']}” of {old} is none of {_BASES}.")
    return old, new, weight


def to_new_wards(
    data: pd.DataFrame | pd.Series,
    values: Sequence[str] | None = None,
    links: pd.DataFrame | None = None,
) -> pd.DataFrame | pd.Series:
    """Figures of the 34 old wards as figures of the 12 new ones; totals are conserved.

    ``new = sum over old of weight(old, new) * value(old)``, for each combination of the other
    columns (date, indicator …).

    Parameters
    ----------
    data : DataFrame or Series
        Long frame with `location` (old ward codes, each at most once a combination), or a Series
        whose index (or a level of it) is called `location`.
    values : sequence of str, optional
        Columns that add up: counts and sums. A rate does not; convert its numerator and
        denominator. Default: the columns of numbers. All other columns are kept as keys.
    links : DataFrame, optional
        A crosswalk; default `crosswalk()`.

    Returns
    -------
    DataFrame or Series
        As the input, with new codes as `location`, values as floats, ordered by keys and location.

    Raises
    ------
    ContractError
        A location is not an old ward, or stands twice.

    Notes
    -----
    Missing is not 0: a new ward's value is missing where that of one of its parts is missing or has
    no row. Whole counts below 2**46 (and totals below 2**53) are conserved without rounding. The
    split of a divided ward assumes that its events are spread like its people.

    Examples
    --------
    >>> cases = pd.Series(64.0, index=pd.Index(ward_codes(), name="location"), name="cases")
    >>> to_new_wards(cases).loc[["26812-2025", "26824-2025"]].tolist()
    [154.0, 231.0]
    >>> to_new_wards(cases).sum() == cases.sum()
    np.True_
    """
    if isinstance(data, pd.Series):
        name = data.name
        index = [n or "location" for n in data.index.names]
        flat = data.rename_axis(index).rename("_value").reset_index()
        moved = _moved(flat, ["_value"], links)
        series = moved.set_index(index)["_value"]
        series.name = name
        return series
    if "location" not in data:
        raise ContractError("The frame has no column “location” with ward codes.")
    if values is None:
        numbers = data.drop(columns="location").select_dtypes("number")
        values = [str(c) for c in numbers.columns]
    if not values:
        raise ContractError("The frame has no column of numbers to share out.")
    return _moved(data, list(values), links)[list(data.columns)]


def _moved(data: pd.DataFrame, values: list[str], links: pd.DataFrame | None) -> pd.DataFrame:
    """Share out, add up, and leave missing what is not complete."""
    keys = [c for c in data.columns if c not in (*values, "location")]
    _require_old_wards(data, keys)
    links = crosswalk() if links is None else links
    parts = links.groupby("new").size()
    rows = data.merge(links[["old", "new", "weight"]], left_on="location", right_on="old")
    for value in values:
        rows[value] = rows[value].astype(float) * rows["weight"]
    groups = rows.groupby([*keys, "new"], sort=True, dropna=False)[values]
    totals = groups.sum()
    needed = parts.loc[totals.index.get_level_values("new")].to_numpy()
    return (
        totals.where(groups.count().eq(needed, axis=0))
        .reset_index()
        .rename(columns={"new": "location"})
    )


def _require_old_wards(data: pd.DataFrame, keys: list[str]) -> None:
    unknown = sorted(set(data["location"].astype(str)) - set(ward_codes()))
    if unknown:
        also = " It is a new ward already." if unknown[0] in ward_codes_2025() else ""
        raise ContractError(
            f"Only figures of the 34 old wards can be shared out, not of {unknown[0]}.{also} "
            "Leave other places out first."
        )
    twice = data.duplicated([*keys, "location"])
    if twice.any():
        culprit = data.loc[twice, "location"].iloc[0]
        raise ContractError(f"{culprit} has two rows with the same keys; add them up first.")


def to_old_wards(data: pd.DataFrame | pd.Series) -> pd.DataFrame:
    """Refuse to go from the 12 new wards back to the 34 old ones, and say why.

    A new ward's figure is one sum over several old wards; how much came from which is not in it.

    Parameters
    ----------
    data : DataFrame or Series
        Figures by `location`, as `to_new_wards` returns them.

    Returns
    -------
    DataFrame
        Never.

    Raises
    ------
    ContractError
        Always, with the first new ward and the old wards that its figure joins.

    Examples
    --------
    >>> to_old_wards(pd.Series({"27112-2025": 5.0}))
    Traceback (most recent call last):
    ...
    ioc_analytics.errors.ContractError: The figure of Cát Lái (27112-2025) joins Cát Lái (27109) \
and Thạnh Mỹ Lợi (27112); what each contributed cannot be recovered. Compare in new wards: \
to_new_wards(old figures).
    """
    if isinstance(data, pd.DataFrame):
        stated = data["location"]
    else:
        name = "location" if "location" in data.index.names else 0
        stated = data.index.get_level_values(name).to_series()
    first = next((str(c) for c in stated if c in ward_codes_2025()), ward_codes_2025()[0])
    links = crosswalk()
    parts = links.loc[links["new"] == first, "old"]
    raise ContractError(
        f"The figure of {_named(first)} joins {_listed(parts)}; what each contributed cannot be "
        "recovered. Compare in new wards: to_new_wards(old figures)."
    )


def _named(code: str) -> str:
    return f"{places()[code].name_vi} ({code})"


def _listed(codes: Sequence[str] | pd.Series) -> str:
    names = [_named(code) for code in codes]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


# -- the unit that a dated row means ---------------------------------------------------------------


def place_by_date(table: Table, rows: pa.Table) -> tuple[pa.Table, list[Problem]]:
    """Settle what the place cells of typed rows mean on their days.

    A name such as “Tam Bình” and a code such as 26812 mean one ward up to 30/6/2025 and another
    since. `parse_cells` keeps both readings (``26803|26797-2025``, and ``|26812-2025`` for a name
    that only a new ward bears); here the row's date picks one.

    Parameters
    ----------
    table : Table
        The contract; `table.date` is the column that decides. A week or month counts by its first
        day. Without date the old ward is meant; a new one must be written with “-2025”.
    rows : pyarrow.Table
        All columns typed, and `_line`.

    Returns
    -------
    rows : pyarrow.Table
        Place columns hold one code each.
    problems : list of Problem
        Rows that name a unit which did not exist on their day.

    Notes
    -----
    Work is done once for each distinct cell; 5 million rows take about 1 s.
    """
    problems: list[Problem] = []
    late, dated = _late(table, rows)
    for column in table.columns:
        if column.kind == "place":
            cells, wrong = _settled(rows[column.name], late, dated)
            at = rows.schema.get_field_index(column.name)
            rows = rows.set_column(at, column.name, cells)
            for row, (code, why) in sorted(wrong.items()):
                line = rows["_line"][row].as_py()
                problems.append(Problem(row, line, column.name, code, why))
    return rows, problems


def _late(table: Table, rows: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Tell which rows lie after the change, and which have a day at all."""
    if table.date is None:
        nothing = np.zeros(rows.num_rows, dtype=bool)
        return nothing, nothing
    days = rows[table.date].combine_chunks() if rows.num_rows else rows[table.date]
    days = pc.cast(days, pa.date32(), safe=False)  # a moment counts by its day
    late = pc.fill_null(pc.greater(days, pa.scalar(WARDS_UNTIL)), False)
    return np.asarray(late), np.asarray(pc.is_valid(days))


def _settled(
    column: pa.ChunkedArray, late: np.ndarray, dated: np.ndarray
) -> tuple[pa.Array, dict[int, tuple[str, str]]]:
    """Return one code a row, and by row what cannot be."""
    encoded = column.combine_chunks().dictionary_encode()
    cells = encoded.dictionary.to_pylist()
    if not late.any() and not any("|" in c or c.endswith("-2025") for c in cells):
        return column, {}
    code = pc.fill_null(encoded.indices, len(cells)).to_numpy(zero_copy_only=False)
    when = late.astype(np.int64) + dated  # 0 no day, 1 up to 30/6/2025, 2 after
    case = code.astype(np.int64) * 3 + when
    used = np.flatnonzero(np.bincount(case, minlength=3 * len(cells) + 3))
    choice: list[str | None] = [None] * (3 * len(cells) + 3)
    wrong: dict[int, tuple[str, str]] = {}
    for number in used[used < 3 * len(cells)]:
        cell = cells[number // 3]
        unit, why = _unit_of(cell, int(number % 3))
        choice[number] = unit
        if why:
            for row in np.flatnonzero(case == number):
                wrong[int(row)] = (unit, why)
    return pa.array(choice, pa.string()).take(pa.array(case)), wrong


def _unit_of(cell: str, when: int) -> tuple[str, str]:
    """Return the unit that a cell means before (1) or after (2) the change, and what is wrong."""
    first, bar, second = cell.partition("|")
    old, new = (first, second) if bar else ("", cell) if cell.endswith("-2025") else (cell, "")
    if when == 2:
        return (new, "") if new else (old, _ceased(old))
    if old:
        return old, ""
    if when == 1:
        was = crosswalk().set_index("new").loc[[new], "old"]
        return new, f"is {_named(new)}, which exists since 2025-07-01; before: {_listed(was)}"
    if bar:
        return new, f"is the name of a ward of 2025 and the row has no day; write {new}"
    return new, ""


def _ceased(code: str) -> str:
    place = places()[code]
    if place.valid_to is None:
        return ""
    why = f"is {_named(code)}, which ceased after {place.valid_to}"
    if place.level != "ward":
        return f"{why}; state the ward"
    links = crosswalk()
    return f"{why}; its area lies in {_listed(links.loc[links['old'] == code, 'new'])}"
