"""What is selected on a system's page and what follows from it: traits and rules, no widgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
from traitlets import HasTraits, Unicode, observe

from ioc_analytics import sectors
from ioc_analytics.contracts import Indicator
from ioc_analytics.places import ward_codes
from ioc_analytics.views.i18n import Language

__all__ = ["SystemModel", "asked_system"]

_WHOLE = ("769", "79", "VN")  # the city, and where it has no figure the place above that has one
_FINDINGS = 10  # shown of a system
_SEVERITY = {"green": 1, "amber": 2, "red": 3}
_WEEK = {"W": "W-SUN"}


def asked_system(query: str | None) -> str:
    """Return the system that a page's query asks for; "" where it names none.

    Examples
    --------
    >>> asked_system("lang=en&system=health"), asked_system(None)
    ('health', '')
    """
    return parse_qs(query or "").get("system", [""])[-1]


class SystemModel(HasTraits):
    """A system page's state: the system, one of its indicators, a period and a ward.

    Parameters
    ----------
    marts : mapping
        `systems, readiness, findings, ward_shapes`.
    figures : callable
        Gives the rows of the mart `indicators` for a system; asked once for each.
    language : Language
    system : str
        The system to begin with; one that does not exist or "" means the first that has data.

    Notes
    -----
    Another system selects its first indicator with figures; another indicator the newest period
    of which most places are complete, and keeps the ward. An incomplete period has no state, and
    never stands for the city beside complete ones.
    """

    system = Unicode()
    indicator = Unicode()
    period = Unicode()
    ward = Unicode()

    def __init__(
        self,
        marts: Mapping[str, pd.DataFrame],
        figures: Callable[[str], pd.DataFrame],
        language: Language,
        system: str = "",
    ) -> None:
        super().__init__()
        self.language = language
        self.systems = marts["systems"]
        self.shapes = marts["ward_shapes"]
        self._readiness = marts["readiness"]
        self._findings = marts["findings"]
        self._ask = figures
        self._asked: dict[str, _Figures] = {}
        known = list(self.systems["system"])
        full = list(self.systems.loc[self.systems["tables_held"] > 0, "system"])
        if known:
            self.system = system if system in known else (full or known)[0]

    # -- what can be chosen ----------------------------------------------------------------------

    def system_names(self) -> list[tuple[str, str]]:
        """Return name and id of each system; one without data says so."""
        text = self.language.text
        return [
            (row[self.language.code], row["system"])
            if row["tables_held"]
            else (text("system_silent", name=row[self.language.code]), row["system"])
            for row in self.systems.to_dict("records")
        ]

    def indicators(self) -> list[str]:
        """Return the system's indicators that have figures, in the order of their declaration."""
        held = self._figures.raw
        known = [i for i in sectors.indicators() if i in held]
        return known + sorted(set(held) - set(known))

    def periods(self) -> list[str]:
        """Return the starts of the indicator's periods, oldest first."""
        days = self._chosen()["date"].drop_duplicates().sort_values()
        return [f"{day:%Y-%m-%d}" for day in days]

    @observe("system")
    def _follow_system(self, _: object) -> None:
        first = next(iter(self.indicators()), "")
        if first == self.indicator:
            self._follow_indicator(None)
        else:
            self.indicator = first

    @observe("indicator")
    def _follow_indicator(self, _: object) -> None:
        self.period = self._first_period()

    def _first_period(self) -> str:
        """Return the newest period with at least half of the most complete places."""
        rows = self._chosen()
        complete = rows.loc[rows["complete"] & rows["value"].notna(), "date"].value_counts()
        enough = complete.index[complete * 2 >= complete.max()]
        return f"{enough.max():%Y-%m-%d}" if len(enough) else next(iter(self.periods()[::-1]), "")

    # -- the system ------------------------------------------------------------------------------

    @property
    def row(self) -> dict[str, Any]:
        """What the lake holds of the system."""
        rows = self.systems[self.systems["system"] == self.system].to_dict("records")
        return {str(k): v for k, v in rows[0].items()} if rows else {}

    @property
    def name(self) -> str:
        """The system's name."""
        return str(self.row.get(self.language.code, self.system))

    @property
    def simulated(self) -> str:
        """Whether "all", "part" or "none" of what is shown of the system is made up."""
        marks = [bool(rows["simulated"].iloc[0]) for rows in self._figures.raw.values()]
        if not marks:
            marks = [bool(self.row.get("simulated"))]
        return "all" if all(marks) else "part" if any(marks) else "none"

    def scores(self) -> pd.DataFrame:
        """Return the system's readiness, oldest first; none before its first data."""
        rows = self._readiness[self._readiness["system"] == self.system]
        return rows.sort_values("as_of", ignore_index=True)

    def findings(self) -> tuple[pd.DataFrame, int]:
        """Return the worst findings of the system and how many more there are."""
        rows = self._findings[self._findings["system"] == self.system]
        return rows.head(_FINDINGS), max(len(rows) - _FINDINGS, 0)

    # -- its indicators --------------------------------------------------------------------------

    @property
    def _figures(self) -> _Figures:
        """The figures of the system, asked for once."""
        if self.system not in self._asked:
            self._asked[self.system] = _Figures(self._ask(self.system))
        return self._asked[self.system]

    def overview(self) -> pd.DataFrame:
        """Return each indicator's newest complete value for the city, the worst states first.

        Columns: those of the mart, and `complete`, `previous` (the period before, NaN where that
        is not known completely). Where no period is complete the newest one stands, marked.
        """
        newest = self._figures.newest
        rows = newest.reindex([i for i in self.indicators() if i in newest.index]).reset_index()
        rank = -rows["state"].map(_SEVERITY).fillna(0)
        return rows.iloc[rank.argsort(kind="stable")].reset_index(drop=True)

    def digits(self, indicator: str = "") -> int:
        """Return how many decimals the values of an indicator need."""
        return self._figures.digits.get(indicator or self.indicator, 0)

    # -- one indicator ---------------------------------------------------------------------------

    def _chosen(self) -> pd.DataFrame:
        return self._figures.of(self.indicator)

    @property
    def declared(self) -> Indicator | None:
        """The indicator as it is declared; None where none is chosen or it is no longer known."""
        return sectors.indicators().get(self.indicator)

    @property
    def freq(self) -> str:
        """Length of the indicator's periods."""
        rows = self._chosen()
        return str(rows["freq"].iloc[0]) if len(rows) else "W"

    @property
    def has_wards(self) -> bool:
        """Whether any ward has a figure of the indicator."""
        return bool(self._chosen()["location"].isin(ward_codes()).any())

    @property
    def place(self) -> str:
        """The place whose course is shown: the ward chosen, else the city or the one above it."""
        held = set(self._chosen()["location"])
        if self.ward in held:
            return self.ward
        return next((code for code in _WHOLE if code in held), self.ward or _WHOLE[0])

    def course(self) -> pd.DataFrame:
        """Return `date, value, complete, green, amber` of the place; absent periods are missing."""
        rows = self._chosen()
        rows = rows[rows["location"] == self.place].set_index("date").sort_index()
        if rows.empty:
            return pd.DataFrame(columns=["date", "value", "complete", "green", "amber"])
        ends = pd.DatetimeIndex(rows.index[[0, -1]]).to_period(_WEEK.get(self.freq, self.freq))
        grid = pd.period_range(*ends).to_timestamp(how="start").normalize()
        shown = rows.reindex(grid)
        bounds = shown[["green", "amber"]].astype(float)
        return pd.DataFrame(
            {
                "date": grid,
                "value": shown["value"].to_numpy(float),
                "complete": shown["complete"].eq(True).to_numpy(),
                "green": bounds["green"].ffill().to_numpy(),
                "amber": bounds["amber"].ffill().to_numpy(),
            }
        )

    def wards(self) -> pd.DataFrame:
        """Return the wards in the period shown, those most in need of attention first.

        Columns: those of the mart, `previous`, `name`, `band` (0 = no data) and `partial` (a sum
        of which a part is missing, so that it is a lower bound). Sorted by state, then by the
        worse value (the higher one, where neither is worse); wards without data come last.
        """
        rows = self._chosen()
        rows = rows[rows["date"] == pd.Timestamp(self.period)] if self.period else rows.iloc[:0]
        rows = rows.set_index("location").reindex(ward_codes())
        rows.index.name = "ward_code"
        rows = rows.reset_index()
        rows["complete"] = rows["complete"].eq(True)
        rows["name"] = [self.language.place(code) for code in rows["ward_code"]]
        plain_sum = rows["denominator"].isna() & (rows["value"] >= 0)
        rows["partial"] = rows["value"].notna() & ~rows["complete"] & plain_sum
        rows["band"] = self._bands(rows)
        worse = -1.0 if self.declared and self.declared.direction == "higher" else 1.0
        rank = rows["state"].map(_SEVERITY).fillna(0)
        order = rows.assign(_rank=rank, _worse=worse * rows["value"])
        order = order.sort_values(["_rank", "_worse", "name"], ascending=[False, False, True])
        known = order["value"].notna()
        return pd.concat([order[known], order[~known]], ignore_index=True)

    def _bands(self, rows: pd.DataFrame) -> pd.Series:
        if self.by_state(rows):
            return rows["state"].map(_SEVERITY).fillna(0).astype(int)
        known = rows["value"].notna()
        bands = pd.Series(0, index=rows.index)
        cuts = self.cuts(rows)
        bands[known] = 1 + np.searchsorted(cuts, rows.loc[known, "value"].astype(float), "right")
        return bands

    def by_state(self, rows: pd.DataFrame) -> bool:
        """Tell whether the map shows states: every ward with a value has one."""
        known = rows["value"].notna()
        return bool(known.any() and rows.loc[known, "state"].notna().all())

    def cuts(self, rows: pd.DataFrame) -> list[float]:
        """Return the quartiles of the wards' values, as far as they differ: at most three."""
        values = rows["value"].dropna().astype(float)
        if values.empty:
            return []
        quartiles = np.unique(np.quantile(values, [0.25, 0.5, 0.75]).round(self.digits()))
        return [float(q) for q in quartiles if values.min() < q <= values.max()]


class _Figures:
    """The figures of one system: by indicator, and the newest of each for the city.

    `raw` has the mart's rows by indicator, `newest` one row for each indicator, `digits` how many
    decimals the values of each need.
    """

    def __init__(self, rows: pd.DataFrame) -> None:
        self.raw = {str(i): part for i, part in rows.groupby("indicator", sort=False)}
        self.digits = {i: _decimals(part["value"]) for i, part in self.raw.items()}
        self._prepared: dict[str, pd.DataFrame] = {}
        self._empty = _with_previous(rows.iloc[:0])
        self.newest = _newest(rows)

    def of(self, indicator: str) -> pd.DataFrame:
        """Return an indicator's rows with `complete` and `previous`."""
        if indicator not in self.raw:
            return self._empty
        if indicator not in self._prepared:
            self._prepared[indicator] = _with_previous(self.raw[indicator])
        return self._prepared[indicator]


def _decimals(values: pd.Series) -> int:
    known = values[np.isfinite(values)]
    if known.empty or (known == known.round()).all() or known.abs().max() >= 1000:
        return 0
    return 2 if known.abs().max() < 10 else 1


def _newest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the newest complete figure of each indicator for the city, by indicator.

    What the city lacks is taken from the place above it; where no period is complete, the newest.
    """
    whole = rows[rows["location"].isin(_WHOLE)]
    best = whole.groupby("indicator")["location"].min()  # 769 before 79 before VN
    whole = _with_previous(whole[whole["location"] == whole["indicator"].map(best)])
    known = whole["complete"] & whole["value"].notna()
    ranked = whole.assign(_known=known).sort_values(["_known", "date"], kind="stable")
    return ranked.drop_duplicates("indicator", keep="last").set_index("indicator")


def _with_previous(rows: pd.DataFrame) -> pd.DataFrame:
    """Return figures with `complete` and the complete value of the period just before."""
    rows = rows.sort_values(["indicator", "location", "date"], ignore_index=True)
    rows["complete"] = rows["coverage"] >= 1 - 1e-9
    previous = pd.Series(np.nan, index=rows.index)
    for freq, some in rows.groupby("freq"):
        number = some["date"].dt.to_period(_WEEK.get(str(freq), str(freq))).astype("int64")
        key = [some["indicator"], some["location"]]
        value = some["value"].where(some["complete"]).groupby(key).shift()
        previous[some.index] = value.where(number - number.groupby(key).shift() == 1)
    return rows.assign(previous=previous)
