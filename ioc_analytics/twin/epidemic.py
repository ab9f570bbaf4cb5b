"""The simulated COVID-19 application: what the city came to know of the outbreak, and the truth.

The outbreak itself (who infected whom) is drawn in `twin.outbreak`, where it says which draws are
kept; here its reported part becomes the line list, and the other tables are put together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics import sectors
from ioc_analytics.twin.epidemic_daily import TIER_SCHEMES, cases_by_day, daily_tables
from ioc_analytics.twin.epidemic_tracing import (
    contacts,
    infection_places,
    lockdown_points,
    shared_places,
)
from ioc_analytics.twin.outbreak import KINDS, Outbreak, draw_outbreak
from ioc_analytics.twin.outbreak_course import ORIGIN, PARAMETERS, by_day, knots
from ioc_analytics.twin.values import dates, known_only, numbered, sometimes_missing
from ioc_analytics.twin.world import Link, World

__all__ = ["LINKS", "simulate", "truth"]

_Values = NDArray[Any]

LINKS = (
    Link(
        "epidemic.new_cases",
        "epidemic.new_deaths",
        12,
        1,
        words="a reported case dies about two weeks after onset",
    ),
    Link(
        "epidemic.new_cases",
        "epidemic.active_lockdowns",
        8,
        1,
        words="a point is closed at its second case and stays closed for about two weeks",
    ),
    Link(
        "epidemic.new_cases",
        "epidemic.f1_isolated",
        7,
        1,
        words="contacts are isolated for two weeks from the day of the report",
    ),
    Link(
        "epidemic.new_cases",
        "epidemic.onset_to_report",
        0,
        1,
        freq="W",
        kind="common",
        words="laboratories and registration slow down in the weeks of many cases",
    ),
    Link(
        "epidemic.new_cases",
        "geography.rain",
        0,
        1,
        kind="none",
        words="the wave of 2021 fell into the rainy season, by chance",
    ),
)

_SEVERITIES = np.array(["asymptomatic", "mild", "moderate", "severe", "critical"], dtype=object)
_CODES = {  # the word before the number of a place, by kind
    "household": "HO",
    "workplace": "LV",
    "market": "CH",
    "lodging": "TR",
    "school": "TH",
    "hospital": "BV",
}
_ANTIGEN = {"2021-07-09": 0.0, "2021-08-20": 0.35, "2021-09-20": 0.55, "2021-10-20": 0.40}
_AT_HOME = {"2021-07-15": 0.0, "2021-08-10": 0.75, "2021-10-24": 0.80}  # of those not very ill
_SOURCE_NAMED = {"2021-05-01": 0.90, "2021-06-30": 0.65, "2021-08-20": 0.35, "2021-10-15": 0.50}
_HOSPITALS = 3
_PEOPLE_IN_GROUP = 750  # residents of a tổ dân phố with its neighbours, chosen
_OCCUPATIONS = np.array(
    [
        "Công nhân",
        "Nhân viên văn phòng",
        "Buôn bán",
        "Lao động tự do",
        "Nội trợ",
        "Lái xe",
        "Nhân viên y tế",
    ],
    dtype=object,
)
_OCCUPATION_SHARES = (0.34, 0.18, 0.16, 0.14, 0.11, 0.05, 0.02)


def simulate(world: World) -> dict[str, pd.DataFrame]:
    """Return the tables of the COVID-19 application, and set ``world.signals["cases"]``.

    Parameters
    ----------
    world : World
        The city. Single cases, contacts, places and lockdown points begin on `world.start`, daily
        figures in February 2020, the wave of 2021 in April 2021.

    Returns
    -------
    dict of str to DataFrame
        By table name: the contract's columns before anything is hidden, and `_known`, the day on
        which the city came to know the row (a key has one row for each revision). Nothing becomes
        known after the last day. Missing is missing: onset of those without symptoms, sources not
        found, outcomes never reported.

    Notes
    -----
    ``world.signals["cases"]``, shape (T, 34), holds cases by day of report and ward as known on
    the last day. Line list and `epidemic.cases_daily` agree by day of report and ward on every
    day. Draws of the outbreak are conditioned on published totals and on the ward
    levels announced on 2021-10-23 (several draws, the nearest kept): see `twin.outbreak_course`.

    Examples
    --------
    >>> world = World(seed=1, start="2020-01-27", days=60)
    >>> tables = simulate(world)
    >>> sorted(tables)[:3]
    ['epidemic.cases', 'epidemic.cases_daily', 'epidemic.contacts']
    >>> bool((tables["epidemic.cases"]["_known"] <= world.end).all())
    True
    """
    outbreak = draw_outbreak(world)
    cases = _reported_cases(world, outbreak)
    world.signals["cases"] = cases_by_day(world, cases, len(outbreak.R))
    recent = cases[cases["report"] >= by_day(world.start)].reset_index(drop=True)
    tables = {
        "epidemic.cases": _line_list(world, recent, len(outbreak.R)),
        "epidemic.contacts": contacts(world, recent, len(outbreak.R)),
        "epidemic.infection_places": infection_places(world, recent),
        "epidemic.lockdown_points": lockdown_points(world, recent, len(outbreak.R)),
        **daily_tables(world, outbreak, cases),
    }
    return {name: _as_declared(name, frame) for name, frame in tables.items()}


def truth(world: World) -> dict[str, pd.DataFrame]:
    """Return what truly happened, to test analyses against.

    Parameters
    ----------
    world : World
        The city; the same as given to `simulate`.

    Returns
    -------
    dict of str to DataFrame
        ``tree``: `infectee, infector, place_id, kind, generation, infected, onset, reported,
        ward_code`, one row an infection. Ids are those of the line list before pseudonyms;
        infections that were never reported are called KB…; infector and place are missing for
        those brought in, onset for those without symptoms, reported where there is no report.
        ``wards``: `ward_code, wave, autumn`, multipliers of exposure, noise included.
        ``R``: `date, R, reported_share`. ``delay``: `week`, mean days `onset_to_sample,
        sample_to_result, result_to_registration`. ``parameters``: `parameter, value`;
        ``reported`` is the share of infections that came to be reported.

    Examples
    --------
    >>> found = truth(World(seed=1, start="2020-01-27", days=60))
    >>> float(found["parameters"].set_index("parameter")["value"]["k"])
    0.4
    """
    outbreak = draw_outbreak(world)
    people = outbreak.people
    ids, source = _ids(people), people["infector"].to_numpy()
    tree = pd.DataFrame(
        {
            "infectee": ids,
            "infector": known_only(source >= 0, ids[source]),
            "place_id": _place_ids(people),
            "kind": np.array(KINDS, dtype=object)[people["kind"]],
            "generation": people["generation"],
            "infected": dates(people["infected"]),
            "onset": dates(people["onset"]),
            "reported": dates(np.where(people["reported"], people["report"], -1)),
            "ward_code": world.wards["ward_code"].to_numpy()[people["ward"]],
        }
    )
    declared = {
        **PARAMETERS,
        "reported": float(people["reported"].mean()) if len(people) else np.nan,
    }
    days = pd.DatetimeIndex(ORIGIN + np.arange(len(outbreak.R)))
    wave, autumn = outbreak.multipliers
    steps = ["onset_to_sample", "sample_to_result", "result_to_registration"]
    delay = pd.DataFrame(outbreak.delays[::7], columns=steps)
    delay.insert(0, "week", days[::7])
    return {
        "tree": tree,
        "wards": pd.DataFrame(
            {"ward_code": world.wards["ward_code"], "wave": wave, "autumn": autumn}
        ),
        "R": pd.DataFrame(
            {"date": days, "R": outbreak.R, "reported_share": outbreak.reported_share}
        ),
        "delay": delay,
        "parameters": pd.DataFrame({"parameter": [*declared], "value": [*declared.values()]}),
    }


def _as_declared(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the contract's columns in its order, also where there is no row."""
    columns = [c for c in sectors.table(name).columns if not c.names_place]
    frame = frame.reindex(columns=[*(c.name for c in columns), "_known"])
    if len(frame):
        return frame
    days = [c.name for c in columns if c.kind in ("date", "datetime")]
    return frame.astype(dict.fromkeys([*days, "_known"], "datetime64[ns]"))


# -- words for numbers -----------------------------------------------------------------------------


def _ids(people: pd.DataFrame) -> _Values:
    """Return ids: reported cases by number in order of report, the others apart."""
    ids = np.empty(len(people), dtype=object)
    known = np.flatnonzero(people["reported"])
    order = known[np.argsort(people["report"].to_numpy()[known], kind="stable")]
    ids[order] = numbered("BN", np.arange(1, len(order) + 1))
    hidden = np.flatnonzero(~people["reported"].to_numpy())
    ids[hidden] = numbered("KB", np.arange(1, len(hidden) + 1))
    return ids


def _place_ids(people: pd.DataFrame) -> _Values:
    """Name the place of each infection; None for the community and for those brought in."""
    ids = np.full(len(people), None, dtype=object)
    for kind, word in _CODES.items():
        here = np.flatnonzero(people["kind"] == KINDS.index(kind))
        ids[here] = numbered(word, people["place"].to_numpy()[here], 5)
    return ids


# -- the reported cases ----------------------------------------------------------------------------


def _reported_cases(world: World, outbreak: Outbreak) -> pd.DataFrame:
    """Keep the reported infections and draw how each was found, cared for and ended."""
    rng = world.rng("epidemic cases")
    people = outbreak.people.assign(case_id=_ids(outbreak.people))
    people["place_id"] = _place_ids(people)
    source = people["infector"].to_numpy()
    for name in ("case_id", "report", "reported"):
        people[f"source_{name}"] = people[name].to_numpy()[source] if len(people) else []
    people["source_reported"] = people["source_reported"].astype(bool) & (source >= 0)
    cases = people[people["reported"]].sort_values(["report", "case_id"], ignore_index=True)
    n, report, severity = len(cases), cases["report"].to_numpy(), cases["severity"].to_numpy()
    died = cases["dies"].to_numpy()
    home = (severity <= 1) & (rng.random(n) < knots(_AT_HOME, report)) & ~died
    begins = np.where(cases["onset"] >= 0, cases["onset"], cases["sampled"])
    to_death = np.rint(rng.gamma(5.0, 2.8, n)).astype(np.int64)
    to_health = np.rint(rng.gamma(12.0, np.where(severity >= 2, 1.8, 1.1))).astype(np.int64)
    confirmed = cases["confirmed"].to_numpy()
    ended = np.where(died, np.maximum(begins + to_death, confirmed), confirmed + to_health)
    ended = np.where(home, np.maximum(ended, report), ended)
    told = home & (rng.random(n) < 0.45)  # recoveries at home that nobody reports
    announced = np.where(told, -1, np.maximum(ended, report) + rng.integers(1, 4, n))
    return cases.assign(
        home=home,
        facility=np.where(severity <= 1, cases["ward"], 34 + cases["ward"] % _HOSPITALS),
        ended=ended,
        announced=announced,
        oxygen=(severity >= 3) | ((severity == 2) & (rng.random(n) < 0.5)),
        ventilated=(severity == 4) & (rng.random(n) < 0.7),
        antigen=rng.random(n) < knots(_ANTIGEN, confirmed),
        group=_groups(world, cases),
    )


def _groups(world: World, cases: pd.DataFrame) -> _Values:
    """Return the number of the neighbourhood group in which each case lives."""
    groups = np.maximum(world.wards["population"].to_numpy() // _PEOPLE_IN_GROUP, 1)
    home = np.where(cases["row"] >= 0, cases["row"] * 7, cases["household"])
    return 1 + home % groups[cases["ward"]]


def _line_list(world: World, cases: pd.DataFrame, n_days: int) -> pd.DataFrame:
    """Return a row a case and revision: first report, right ward, outcome."""
    persons = _person_columns(world, cases) | _clinical_columns(world, cases)
    fixed = pd.DataFrame(persons)
    parts = [
        _as_known(world, cases, fixed, np.asarray(cases[when], dtype=np.int64), n_days)
        for when in ("report", "corrected", "announced")
    ]
    rows = pd.concat(parts).drop_duplicates(["case_id", "_known"])
    return rows.sort_values(["_known", "case_id"], ignore_index=True)


def _as_known(
    world: World, cases: pd.DataFrame, fixed: pd.DataFrame, known: _Values, n_days: int
) -> pd.DataFrame:
    """Return the rows as they stood on the day `known` of each; -1 is never."""
    moved = (cases["corrected"] < 0) | (known >= cases["corrected"])
    ward = np.where(moved, cases["ward"], cases["first_ward"])
    over = (cases["announced"] >= 0) & (known >= cases["announced"])
    well = (cases["onset"] > known).to_numpy()  # no symptoms as yet
    severity = np.where(over, cases["severity"], np.minimum(cases["severity"], 2))
    severity = np.where(well & ~over, 0, severity)
    tier = np.zeros(len(cases), dtype=np.int64)
    for day, tiers in TIER_SCHEMES.items():
        tier = np.where(known >= by_day(day), np.array(tiers)[severity], tier)
    frame = fixed.assign(
        ward_code=world.wards["ward_code"].to_numpy()[ward],
        onset_date=fixed["onset_date"].where(~well),
        cluster_id=known_only(_named_cluster_from(cases) <= known, fixed["cluster_id"].to_numpy()),
        symptomatic=fixed["symptomatic"].where(~well | fixed["symptomatic"].isna(), False),
        severity=_SEVERITIES[severity],
        tier=tier,
        oxygen=(cases["oxygen"] & over).to_numpy(),
        ventilated=(cases["ventilated"] & over).to_numpy(),
        outcome=np.where(over, np.where(cases["dies"], "died", "recovered"), "treating"),
        outcome_date=dates(np.where(over, cases["ended"], -1)),
        _known=dates(known),
    )
    return frame[(known >= 0) & (known < n_days)]


def _person_columns(world: World, cases: pd.DataFrame) -> dict[str, Any]:
    """Draw what the line list says of the person; nobody's name, number or address is real."""
    rng = world.rng("epidemic persons told")
    n, age, group = len(cases), cases["age"].to_numpy(), cases["group"].to_numpy()
    work = rng.choice(_OCCUPATIONS, n, p=_OCCUPATION_SHARES)
    work = np.select([age < 6, age < 18, age >= 60], ["Trẻ nhỏ", "Học sinh", "Hưu trí"], work)
    number = cases["case_id"].str[2:]
    block = [f"Khu phố {1 + g // 12}, tổ {g}" for g in group.tolist()]
    house = [f"Số {1 + h % 180}/{1 + h % 9}" for h in cases["household"].tolist()]
    return {
        "case_id": cases["case_id"],
        "name": "Người dân " + number,
        "sex": np.where(rng.random(n) < 0.52, "female", "male"),
        "birth_year": sometimes_missing(rng, dates(cases["report"]).year - age, 0.02),
        "occupation": sometimes_missing(rng, work, 0.08),
        "workplace": sometimes_missing(rng, numbered("Cơ sở ", cases["workplace"], 5), 0.30),
        "address": pd.Series(house, dtype=object) + ", " + pd.Series(block, dtype=object),
        "address_block": sometimes_missing(rng, block, 0.05),
        "vaccine_doses": sometimes_missing(rng, cases["doses"], 0.10),
    }


def _clinical_columns(world: World, cases: pd.DataFrame) -> dict[str, Any]:
    """Draw what the line list says of source, dates, test and care."""
    rng = world.rng("epidemic line list")
    n, report = len(cases), cases["report"].to_numpy()
    named = cases["source_reported"] & (rng.random(n) < knots(_SOURCE_NAMED, report))
    named &= cases["source_report"] <= report
    wrong = rng.random(n) < PARAMETERS["source_known_wrong"]
    other = cases["case_id"].to_numpy()[(np.arange(n) * rng.random(n)).astype(int)] if n else []
    source = np.where(wrong, other, cases["source_case_id"])
    kinds = np.array(KINDS, dtype=object)[cases["kind"]]
    told = named | (rng.random(n) < 0.30) | (kinds == "imported")
    antigen = cases["antigen"].to_numpy()
    since = np.abs(cases["sampled"] - cases["infected"] - 5)
    ct = np.clip(18 + 0.8 * since + rng.normal(0, 4, n), 10, 38).round(1)
    return {
        "exposure": known_only(told, kinds),
        "source_case_id": known_only(named, source),
        "onset_date": dates(np.where(rng.random(n) < 0.05, -1, cases["onset"])),
        "symptomatic": sometimes_missing(rng, cases["symptomatic"], 0.03),
        "sample_date": dates(np.where(rng.random(n) < 0.02, -1, cases["sampled"])),
        "test_type": np.where(antigen, "antigen", "pcr"),
        "ct_value": np.where(antigen | (rng.random(n) < 0.1), np.nan, ct),
        "confirmed_date": dates(cases["confirmed"]),
        "report_date": dates(report),
        "detected_in": sometimes_missing(rng, _detected_in(rng, cases, kinds), 0.04),
        "treated_at": sometimes_missing(rng, _treated_at(world, cases), 0.03),
        "cluster_id": _clusters(rng, cases),
    }


def _detected_in(rng: np.random.Generator, cases: pd.DataFrame, kinds: _Values) -> _Values:
    """Tell where each case was found: contacts of a known case wait in quarantine or lockdown."""
    n = len(cases)
    waiting = cases["source_reported"] & (cases["source_report"] <= cases["sampled"])
    waiting &= rng.random(n) < np.where(kinds == "household", 0.85, 0.5)
    central = rng.random(n) < knots(
        {"2021-07-10": 0.75, "2021-09-01": 0.30}, cases["report"].to_numpy()
    )
    screened = rng.random(n) < np.where(cases["severity"] >= 2, 0.6, 0.15)
    entry = (kinds == "imported") & (rng.random(n) < 0.6)
    return np.select(
        [entry, waiting & central, waiting, screened],
        ["entry", "quarantine", "lockdown", "hospital"],
        "community",
    ).astype(object)


def _treated_at(world: World, cases: pd.DataFrame) -> _Values:
    field = np.array([f"DT-{c}" for c in world.wards["ward_code"]], dtype=object)[cases["ward"]]
    hospital = numbered("BV-", cases["ward"] % _HOSPITALS + 1, 1)
    return np.where(cases["home"], "Tại nhà", np.where(cases["severity"] <= 1, field, hospital))


def _named_cluster_from(cases: pd.DataFrame) -> _Values:
    """Return the day of the third report of each case's place, on which its chain gets a name."""
    third = cases[cases.groupby("place_id").cumcount() == 2].set_index("place_id")["report"]
    return cases["place_id"].map(third).fillna(np.inf).to_numpy()


def _clusters(rng: np.random.Generator, cases: pd.DataFrame) -> _Values:
    """Name the chain of most cases of a shared place."""
    known = shared_places(cases).to_numpy() & (rng.random(len(cases)) < 0.8)
    return known_only(known, ("CHUOI-" + cases["place_id"].astype(object)).to_numpy())
