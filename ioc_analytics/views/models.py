"""What is selected on a page and what follows from it: traits and rules, no widgets."""

from __future__ import annotations

from typing import Any

import pandas as pd
from traitlets import HasTraits, Unicode, observe

from ioc_analytics import sectors
from ioc_analytics.errors import LakeError
from ioc_analytics.lake import Lake
from ioc_analytics.places import places
from ioc_analytics.views.i18n import Language

__all__ = ["ForecastModel", "OverviewModel", "open_marts"]

_SMALL_POPULATION = 5_000  # residents below which a single case moves the rate by 20 per 100,000

_HISTORY = 78  # periods of the past that a chart shows
_LEVELS = {
    0.5: "median",
    0.25: "lo50",
    0.75: "hi50",
    0.1: "lo80",
    0.9: "hi80",
    0.025: "lo95",
    0.975: "hi95",
}


def open_marts(lake: Lake, *names: str) -> dict[str, pd.DataFrame] | None:
    """Return marts by name, or None when one of them was not built yet."""
    try:
        return {name: lake.mart(name) for name in names}
    except LakeError:
        return None


class OverviewModel(HasTraits):
    """The overview's state: the week shown and the ward looked at.

    Parameters
    ----------
    marts : mapping
        `wards_week`, `tiles`, `ward_shapes`.
    language : Language

    Attributes
    ----------
    week : str
        Monday of the week shown, ISO text; starts at the newest week that has complete wards.
    ward : str
        Code of the ward looked at; "" means the whole city.
    """

    week = Unicode()
    ward = Unicode()

    def __init__(self, marts: dict[str, pd.DataFrame], language: Language) -> None:
        super().__init__()
        self.language = language
        self.tiles = marts["tiles"]
        self.shapes = marts["ward_shapes"]
        self._weeks = marts["wards_week"]
        if self.weeks:
            self.week = self._first_week()

    @property
    def weeks(self) -> list[str]:
        """Mondays of the weeks that can be shown, oldest first."""
        return [f"{w:%Y-%m-%d}" for w in sorted(self._weeks["week"].dropna().unique())]

    @property
    def simulated(self) -> str:
        """Whether "all", "part" or "none" of what is shown is made up."""
        marks = pd.concat([self._weeks["simulated"], self.tiles["simulated"]])
        marks = marks[pd.concat([self._weeks["cases"], self.tiles["value"]]).notna()]
        return "all" if len(marks) and marks.all() else "part" if marks.any() else "none"

    def _first_week(self) -> str:
        complete = self._weeks.loc[self._weeks["coverage"] >= 1 - 1e-9, "week"].value_counts()
        enough = complete.index[complete * 2 >= complete.max()]
        return f"{enough.max():%Y-%m-%d}" if len(enough) else self.weeks[-1]

    def wards(self) -> pd.DataFrame:
        """Return the wards in the week shown, highest rate first, wards without data last."""
        rows = self._weeks[self._weeks["week"] == pd.Timestamp(self.week)]
        return rows.sort_values(["rate", "name"], ascending=[False, True], ignore_index=True)

    def ward_names(self) -> list[tuple[str, str]]:
        """Return name and code of each ward, by name."""
        wards = self._weeks.drop_duplicates("ward_code")
        return sorted(zip(wards["name"], wards["ward_code"], strict=True))

    def complete_wards(self) -> int:
        """Return how many wards have all days of the week shown."""
        return int((self.wards()["coverage"] >= 1 - 1e-9).sum())

    @property
    def wards_simulated(self) -> bool:
        """Whether the wards' figures are made up."""
        return bool(self._weeks["simulated"].any())

    def data_date(self) -> pd.Timestamp:
        """Return the last day for which any ward reported cases."""
        return self._weeks["data_date"].max()

    def course(self) -> pd.DataFrame:
        """Return `week, cases` of the ward looked at, or of the city.

        A week that is not complete is missing; the city's sum needs every ward that reports in
        any of the weeks shown.
        """
        rows = self._weeks.assign(
            cases=self._weeks["cases"].where(self._weeks["coverage"] >= 1 - 1e-9)
        )
        if self.ward:
            return rows.loc[rows["ward_code"] == self.ward, ["week", "cases"]]
        weekly = rows[rows["ward_code"].isin(self.reporting())].groupby("week")["cases"]
        return weekly.agg(lambda c: c.sum(skipna=False)).reset_index()

    def reporting(self) -> set[str]:
        """Return the wards that reported on any day of the weeks that can be shown."""
        return set(self._weeks.loc[self._weeks["coverage"] > 0, "ward_code"])

    def place_name(self) -> str:
        """Return the name of the ward looked at, or words for all wards that report."""
        if self.ward:
            return self.language.place(self.ward)
        return self.language.text("all_wards", n=len(self.reporting()))

    def note(self, row: Any) -> str:
        """Return what a reader must know about one ward's figures."""
        notes = []
        if 0 < row.coverage < 1 - 1e-9:
            notes.append(self.language.text("days_reported", n=round(row.coverage * 7)))
        if row.population < _SMALL_POPULATION:
            notes.append(self.language.text("small_population"))
        return "; ".join(notes)


class ForecastModel(HasTraits):
    """The forecast page's state: indicator, place and model.

    Parameters
    ----------
    marts : mapping
        `series`, `forecasts`, `scores`.
    language : Language

    Notes
    -----
    A new indicator keeps the place where it is forecast there too; a new indicator or place
    selects the model with the smallest past error.
    """

    target = Unicode()
    location = Unicode()
    model_id = Unicode()

    def __init__(self, marts: dict[str, pd.DataFrame], language: Language) -> None:
        super().__init__()
        self.language = language
        self._series = marts["series"]
        self._forecasts = marts["forecasts"]
        self._scores = marts["scores"]
        if self.targets():
            self.target = self.targets()[0]

    # -- what can be chosen ----------------------------------------------------------------------

    def targets(self) -> list[str]:
        """Return the indicators that are forecast."""
        return list(dict.fromkeys(self._forecasts["target"]))

    def locations(self) -> list[str]:
        """Return the places for which the indicator is forecast, the city and above first."""
        codes = self._forecasts.loc[self._forecasts["target"] == self.target, "location"].unique()
        order = {"769": 0, "79": 1, "VN": 2}
        return sorted(codes, key=lambda c: (order.get(c, 9), places()[c].name_vi))

    def models(self) -> list[str]:
        """Return the models that forecast the series, smallest past error first."""
        made = list(dict.fromkeys(self._chosen(self._forecasts)["model_id"]))
        ranked = list(self.scoreboard()["model_id"])
        return sorted(made, key=lambda m: ranked.index(m) if m in ranked else len(ranked))

    @observe("target")
    def _follow_target(self, _: object) -> None:
        codes = self.locations()
        if self.location in codes:
            self._follow_location(None)
        else:
            self.location = codes[0] if codes else ""

    @observe("location")
    def _follow_location(self, _: object) -> None:
        models = self.models()
        self.model_id = models[0] if models else ""

    # -- what is shown ---------------------------------------------------------------------------

    def _chosen(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[(frame["target"] == self.target) & (frame["location"] == self.location)]

    @property
    def freq(self) -> str:
        """Length of the series' periods, "W" or "M"."""
        rows = self._chosen(self._series)
        return str(rows["freq"].iloc[0]) if len(rows) else "W"

    @property
    def unit(self) -> str:
        """Unit of the indicator."""
        return sectors.indicator(self.target).unit if self.target else ""

    @property
    def simulated(self) -> bool:
        """Whether the series, its forecast or its scores are made up."""
        shown = (self._series, self._forecasts, self._scores)
        return any(bool(self._chosen(frame)["simulated"].any()) for frame in shown)

    def title(self) -> str:
        """Return the subject of the chart: indicator and place."""
        if not self.target:
            return ""
        name = sectors.indicator(self.target).name(self.language.code)
        return f"{name} – {self.language.place(self.location)}"

    def history(self) -> pd.DataFrame:
        """Return `date, value, complete` of the recent past, at most `_HISTORY` periods."""
        rows = self._chosen(self._series).sort_values("target_end_date")
        if rows.empty:
            return pd.DataFrame(columns=["date", "value", "complete"])
        ends = pd.DatetimeIndex(rows["target_end_date"])
        freq = pd.tseries.frequencies.to_offset("7D" if self.freq == "W" else "ME")
        grid = pd.date_range(ends[0], ends[-1], freq=freq)[-_HISTORY:]
        rows = rows.set_index(ends).reindex(grid)
        return pd.DataFrame(
            {
                "date": grid,
                "value": rows["observation"].to_numpy(),
                "complete": (rows["coverage"] >= 1 - 1e-9).to_numpy(),
            }
        )

    def fan(self) -> pd.DataFrame:
        """Return `date, horizon, median, lo50 … hi95` of the chosen model, first period first."""
        rows = self._chosen(self._forecasts)
        rows = rows[(rows["model_id"] == self.model_id) & (rows["output_type"] == "quantile")]
        wide = rows.pivot(
            index=["target_end_date", "horizon"], columns="output_type_id", values="value"
        )
        wide.columns = [round(float(level), 3) for level in wide.columns]
        named = wide.reindex(columns=list(_LEVELS)).rename(columns=_LEVELS).reset_index()
        return named.rename(columns={"target_end_date": "date"})

    def note(self) -> str:
        """Return why the baseline stands in for the chosen model, or nothing."""
        rows = self._chosen(self._forecasts)
        notes = rows.loc[rows["model_id"] == self.model_id, "note"].dropna()
        return str(notes.iloc[0]) if len(notes) else ""

    def scoreboard(self) -> pd.DataFrame:
        """Return how each model did in the past on this series, best first."""
        return self._chosen(self._scores).sort_values(["wis", "model_id"], ignore_index=True)

    def score(self) -> pd.Series | None:
        """Return the past scores of the chosen model, or None where it was not tried."""
        rows = self.scoreboard()
        rows = rows[rows["model_id"] == self.model_id]
        return rows.iloc[0] if len(rows) else None

    def data_date(self) -> pd.Timestamp:
        """Return the end of the newest complete period."""
        rows = self._chosen(self._series)
        return rows.loc[rows["coverage"] >= 1 - 1e-9, "target_end_date"].max()
