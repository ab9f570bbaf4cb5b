"""The simulated COVID-19 application: what the city came to know of the outbreak, and the truth.

The outbreak itself (who infected whom) is drawn in `twin.outbreak`, where it says which draws are
kept; here its reported part becomes line list, contacts, places and lockdown points.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics import sectors
from ioc_analytics.twin.epidemic_daily import TIER_SCHEMES, cases_by_day, daily_tables, knots
from ioc_analytics.twin.outbreak import KINDS, ORIGIN, PARAMETERS, Outbreak, by_day, draw_outbreak
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
        7,
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
# Whole wards closed (DOMAIN.md B.3); ends of Linh Trung's and starts of the others' are chosen.
_WHOLE_WARDS = (
    ("26800", "2021-07-18 00:00", "2021-08-09 18:00"),
    ("26803", "2021-07-18 00:00", "2021-07-30 18:00"),
    ("26797", "2021-07-20 00:00", "2021-07-30 18:00"),
    ("26809", "2021-07-20 00:00", "2021-07-30 18:00"),
    ("26794", "2021-07-20 00:00", "2021-07-30 18:00"),
    ("26806", "2021-07-20 00:00", "2021-07-30 18:00"),
)


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
    day. Draws of the outbreak are conditioned on published totals and levels: see `twin.outbreak`.

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
        "epidemic.contacts": _contacts(world, recent, len(outbreak.R)),
        "epidemic.infection_places": _places(world, recent),
        "epidemic.lockdown_points": _lockdowns(world, recent, len(outbreak.R)),
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
        sample_to_result, result_to_registration`. ``parameters``: `parameter, value`.

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
            "infector": _where(source >= 0, ids[source]),
            "place_id": _place_ids(people),
            "kind": np.array(KINDS, dtype=object)[people["kind"]],
            "generation": people["generation"],
            "infected": _dates(people["infected"]),
            "onset": _dates(people["onset"]),
            "reported": _dates(np.where(people["reported"], people["report"], -1)),
            "ward_code": world.wards["ward_code"].to_numpy()[people["ward"]],
        }
    )
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
        "parameters": pd.DataFrame({"parameter": [*PARAMETERS], "value": [*PARAMETERS.values()]}),
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


def _dates(days: Any) -> pd.DatetimeIndex:
    """Turn days from the origin into dates; negative ones are missing."""
    days = np.asarray(days, dtype=np.int64)
    found = (ORIGIN + days).astype("datetime64[ns]")
    return pd.DatetimeIndex(np.where(days < 0, np.datetime64("NaT"), found))


def _where(known: Any, values: _Values) -> _Values:
    """Return values as objects, None where they are not known."""
    told = np.array(values, dtype=object)
    told[~np.asarray(known, dtype=bool)] = None
    return told


def _named(word: str, numbers: Any, digits: int = 6) -> _Values:
    return np.array([f"{word}{n:0{digits}d}" for n in np.asarray(numbers).tolist()], dtype=object)


def _ids(people: pd.DataFrame) -> _Values:
    """Return ids: reported cases by number in order of report, the others apart."""
    ids = np.empty(len(people), dtype=object)
    known = np.flatnonzero(people["reported"])
    order = known[np.argsort(people["report"].to_numpy()[known], kind="stable")]
    ids[order] = _named("BN", np.arange(1, len(order) + 1))
    hidden = np.flatnonzero(~people["reported"].to_numpy())
    ids[hidden] = _named("KB", np.arange(1, len(hidden) + 1))
    return ids


def _place_ids(people: pd.DataFrame) -> _Values:
    """Name the place of each infection; None for the community and for those brought in."""
    ids = np.full(len(people), None, dtype=object)
    for kind, word in _CODES.items():
        here = np.flatnonzero(people["kind"] == KINDS.index(kind))
        ids[here] = _named(word, people["place"].to_numpy()[here], 5)
    return ids


def _maybe(rng: np.random.Generator, values: Any, missing: float) -> _Values:
    """Return values as objects, of which a share is missing."""
    values = np.asarray(values, dtype=object)
    return _where(rng.random(len(values)) >= missing, values)


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
        cluster_id=_where(_named_cluster_from(cases) <= known, fixed["cluster_id"].to_numpy()),
        symptomatic=fixed["symptomatic"].where(~well | fixed["symptomatic"].isna(), False),
        severity=_SEVERITIES[severity],
        tier=tier,
        oxygen=(cases["oxygen"] & over).to_numpy(),
        ventilated=(cases["ventilated"] & over).to_numpy(),
        outcome=np.where(over, np.where(cases["dies"], "died", "recovered"), "treating"),
        outcome_date=_dates(np.where(over, cases["ended"], -1)),
        _known=_dates(known),
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
        "birth_year": _maybe(rng, _dates(cases["report"]).year - age, 0.02),
        "occupation": _maybe(rng, work, 0.08),
        "workplace": _maybe(rng, _named("Cơ sở ", cases["workplace"], 5), 0.30),
        "address": pd.Series(house, dtype=object) + ", " + pd.Series(block, dtype=object),
        "address_block": _maybe(rng, block, 0.05),
        "vaccine_doses": _maybe(rng, cases["doses"], 0.10),
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
        "exposure": _where(told, kinds),
        "source_case_id": _where(named, source),
        "onset_date": _dates(np.where(rng.random(n) < 0.05, -1, cases["onset"])),
        "symptomatic": _maybe(rng, cases["symptomatic"], 0.03),
        "sample_date": _dates(np.where(rng.random(n) < 0.02, -1, cases["sampled"])),
        "test_type": np.where(antigen, "antigen", "pcr"),
        "ct_value": np.where(antigen | (rng.random(n) < 0.1), np.nan, ct),
        "confirmed_date": _dates(cases["confirmed"]),
        "report_date": _dates(report),
        "detected_in": _maybe(rng, _detected_in(rng, cases, kinds), 0.04),
        "treated_at": _maybe(rng, _treated_at(world, cases), 0.03),
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
    hospital = _named("BV-", cases["ward"] % _HOSPITALS + 1, 1)
    return np.where(cases["home"], "Tại nhà", np.where(cases["severity"] <= 1, field, hospital))


def _shared(cases: pd.DataFrame) -> pd.Series:
    """Tell which cases were infected at a place, no home, with three reported cases or more."""
    public = cases["place_id"].notna() & (cases["kind"] != KINDS.index("household"))
    return public & (cases.groupby("place_id")["place_id"].transform("size") >= 3)


def _named_cluster_from(cases: pd.DataFrame) -> _Values:
    """Return the day of the third report of each case's place, on which its chain gets a name."""
    third = cases[cases.groupby("place_id").cumcount() == 2].set_index("place_id")["report"]
    return cases["place_id"].map(third).fillna(np.inf).to_numpy()


def _clusters(rng: np.random.Generator, cases: pd.DataFrame) -> _Values:
    """Name the chain of most cases of a shared place."""
    known = _shared(cases).to_numpy() & (rng.random(len(cases)) < 0.8)
    return _where(known, ("CHUOI-" + cases["place_id"].astype(object)).to_numpy())


# -- contacts --------------------------------------------------------------------------------------


def _contacts(world: World, cases: pd.DataFrame, n_days: int) -> pd.DataFrame:
    """List pairs: most true ones, people who met a case and stayed well, chance companions."""
    rng = world.rng("epidemic contacts")
    parts = [_true_pairs(rng, cases), _well_contacts(rng, cases), _companions(rng, cases)]
    pairs = pd.concat(parts, ignore_index=True)
    pairs = pairs.drop_duplicates(["source_id", "contact_id"], ignore_index=True)
    n = len(pairs)
    pairs["known"] += rng.integers(0, 4, n)
    turned = (pairs["well"] == 0) & (rng.random(n) < 0.006)  # infector and infected exchanged
    source, contact = pairs["source_id"].copy(), pairs["contact_id"].copy()
    pairs["source_id"] = source.where(~turned, contact)
    pairs["contact_id"] = contact.where(~turned, source)
    last = pairs["last"] - np.where(rng.random(n) < 0.004, 25, 0)  # before the source fell ill
    first = last - rng.geometric(0.35, n) + 1
    kinds = np.array(KINDS, dtype=object)[pairs["kind"]]
    sure = rng.choice(np.array(["certain", "probable", "unsure"], object), n, p=[0.5, 0.33, 0.17])
    frame = pd.DataFrame(
        {
            "source_id": pairs["source_id"],
            "contact_id": pairs["contact_id"],
            "directed": _maybe(rng, pairs["directed"], 0.05),
            "first_contact": _dates(np.where(rng.random(n) < 0.12, -1, first)),
            "last_contact": _dates(last),
            "setting": _maybe(rng, kinds, 0.05),
            "place_id": _maybe(rng, pairs["place_id"], 0.10),
            "certainty": _maybe(rng, sure, 0.06),
            "_known": _dates(pairs["known"]),
        }
    )
    keep = (pairs["known"] < n_days) & (pairs["last"] >= 0)
    frame = frame[keep.to_numpy()].drop_duplicates(["source_id", "contact_id"])
    return frame.sort_values(["_known", "source_id", "contact_id"], ignore_index=True)


def _true_pairs(rng: np.random.Generator, cases: pd.DataFrame) -> pd.DataFrame:
    """List most of the transmission pairs of which both are reported."""
    listed = cases["case_id"].isin(set(cases["case_id"]))
    listed &= cases["source_case_id"].isin(set(cases["case_id"])) & cases["source_reported"]
    pairs = cases[listed & (rng.random(len(cases)) < 0.8)]
    known = np.maximum(pairs["report"], pairs["source_report"])
    return pd.DataFrame(
        {
            "source_id": pairs["source_case_id"],
            "contact_id": pairs["case_id"],
            "directed": rng.random(len(pairs)) < 0.6,
            "last": pairs["infected"] + rng.integers(0, 2, len(pairs)),
            "kind": np.where(
                pairs["kind"] == KINDS.index("imported"), KINDS.index("community"), pairs["kind"]
            ),
            "place_id": pairs["place_id"],
            "known": known,
            "well": 0,
        }
    )


def _well_contacts(rng: np.random.Generator, cases: pd.DataFrame) -> pd.DataFrame:
    """List people who met a case and were not found infected; a home's cases share them."""
    home, work = KINDS.index("household"), KINDS.index("workplace")
    met = np.repeat(np.arange(len(cases)), rng.poisson(2.4, len(cases)))
    case = cases.iloc[met]
    n = len(case)
    kind = rng.choice([home, work, KINDS.index("market"), KINDS.index("community")], n, p=_MET)
    place = np.where(
        kind == home,
        _named("HO", case["household"], 5),
        _where(kind == work, _named("LV", case["workplace"], 5)),
    )
    person = np.where(kind == home, case["household"] * 10 + rng.integers(0, 4, n), 10**7 + met)
    person = np.where(kind == home, person, person * 10 + np.arange(n) % 10)
    seen = np.where(case["onset"] >= 0, case["onset"], case["sampled"]) - rng.integers(-1, 4, n)
    return pd.DataFrame(
        {
            "source_id": case["case_id"].to_numpy(),
            "contact_id": _named("TX", person, 9),
            "directed": rng.random(n) < 0.5,
            "last": np.clip(seen, 0, case["report"]),
            "kind": kind,
            "place_id": place,
            "known": case["report"].to_numpy(),
            "well": 1,
        }
    )


_MET = (0.45, 0.25, 0.08, 0.22)


def _companions(rng: np.random.Generator, cases: pd.DataFrame) -> pd.DataFrame:
    """List cases who met at a shared place without one infecting the other."""
    there = cases[_shared(cases)].sort_values(["place_id", "infected"])
    before, after = there.iloc[:-1], there.iloc[1:]
    near = after["infected"].to_numpy() - before["infected"].to_numpy()
    same = (before["place_id"].to_numpy() == after["place_id"].to_numpy()) & (near <= 7)
    same &= rng.random(len(before)) < 0.3
    one, other = before[same], after[same]
    return pd.DataFrame(
        {
            "source_id": one["case_id"].to_numpy(),
            "contact_id": other["case_id"].to_numpy(),
            "directed": False,
            "last": other["infected"].to_numpy(),
            "kind": other["kind"].to_numpy(),
            "place_id": other["place_id"].to_numpy(),
            "known": np.maximum(one["report"].to_numpy(), other["report"].to_numpy()),
            "well": 0,
        }
    )


# -- places and lockdown points --------------------------------------------------------------------


def _places(world: World, cases: pd.DataFrame) -> pd.DataFrame:
    """List places from their third reported case on; a second row tells how many there were."""
    rng = world.rng("epidemic places")
    there = cases[_shared(cases)].sort_values(["place_id", "report"], kind="stable")
    order = there.groupby("place_id").cumcount()
    third, newest = there[order == 2], there.drop_duplicates("place_id", keep="last")
    first = there.drop_duplicates("place_id").set_index("place_id")["report"]
    totals = there.groupby("place_id").size()
    ids = third["place_id"].to_numpy()
    ward = _ward_of_place(third)
    km = np.sqrt(world.wards["area_km2"].to_numpy()[ward]) / 3
    kinds = np.array(KINDS, dtype=object)[third["kind"]]
    listed = pd.DataFrame(
        {
            "place_id": ids,
            "kind": kinds,
            "location": world.wards["ward_code"].to_numpy()[ward],
            "address": [
                f"Số {p % 300 + 1}, đường số {p % 60 + 1}" for p in third["place"].tolist()
            ],
            "lat": (world.wards["lat"].to_numpy()[ward] + km * _spread(rng, ward)).round(5),
            "lon": (world.wards["lon"].to_numpy()[ward] + km * _spread(rng, ward)).round(5),
            "first_date": _dates(first.loc[ids]),
        }
    )
    early = listed.assign(
        last_date=_dates(third["report"]), cases=3, _known=_dates(third["report"])
    )
    newest = newest.set_index("place_id").loc[ids, "report"]
    late = listed.assign(last_date=_dates(newest), cases=totals.loc[ids].to_numpy())
    late["_known"] = late["last_date"]
    rows = pd.concat([early, late[late["cases"] > 3]])
    rows = rows.drop_duplicates(["place_id", "_known"], keep="last")
    return rows.sort_values(["_known", "place_id"], ignore_index=True)


def _spread(rng: np.random.Generator, ward: _Values) -> _Values:
    """Return offsets in degrees for one kilometre."""
    return np.asarray(rng.uniform(-1, 1, len(ward)) / 111.2)


def _ward_of_place(cases: pd.DataFrame) -> _Values:
    """Return the ward in which the place lies: its number tells it, hospitals' apart."""
    hospital = (cases["kind"] == KINDS.index("hospital")).to_numpy()
    return np.where(hospital, cases["place"] * 11, cases["place"] // 1000)


def _lockdowns(world: World, cases: pd.DataFrame, n_days: int) -> pd.DataFrame:
    """Close a neighbourhood group at its second case; open it two weeks after the last."""
    rng = world.rng("epidemic lockdowns")
    points = _episodes(cases)
    n, ward = len(points), points["ward"].to_numpy()
    start = points["second"].to_numpy()
    wait = np.where(points["last"] < by_day("2021-09-15"), 14, 7)
    end = points["last"].to_numpy() + wait + rng.integers(0, 3, n)
    houses = rng.integers(4, 36, n)
    km = np.sqrt(world.wards["area_km2"].to_numpy()[ward]) / 3
    first_house = rng.integers(1, 200, n)
    groups = points["group"].tolist()
    frame = pd.DataFrame(
        {
            "point_id": _named("PT", np.arange(1, n + 1), 5),
            "location": world.wards["ward_code"].to_numpy()[ward],
            "khu_pho": [f"Khu phố {1 + g // 12}" for g in groups],
            "group_no": [f"Tổ {g}" for g in groups],
            "street": _maybe(rng, [f"Hẻm {1 + g % 90}" for g in groups], 0.1),
            "from_house": _maybe(rng, first_house.astype(str), 0.15),
            "to_house": _maybe(rng, (first_house + 2 * houses).astype(str), 0.15),
            "area_m2": _maybe(rng, (houses * rng.uniform(50, 120, n)).round(-1), 0.3),
            "households": houses,
            "persons": np.maximum(rng.poisson(3.7 * houses), houses),
            "lat": (world.wards["lat"].to_numpy()[ward] + km * _spread(rng, ward)).round(5),
            "lon": (world.wards["lon"].to_numpy()[ward] + km * _spread(rng, ward)).round(5),
            "start_time": _dates(start) + pd.to_timedelta(rng.integers(6, 22, n), unit="h"),
            "end_time": _dates(end) + pd.to_timedelta(rng.integers(8, 19, n), unit="h"),
            "decision_no": [f"{i}/QĐ-UBND" for i in range(1, n + 1)],
            "issuer": "UBND phường",
        }
    )
    frame["area_m2"] = frame["area_m2"].astype(float)
    frame = pd.concat([f for f in (frame, _whole_wards(world)) if len(f)] or [frame])
    frame = frame.reset_index(drop=True)
    return _with_status(rng, frame, pd.Timestamp(ORIGIN + n_days - 1))


def _episodes(cases: pd.DataFrame) -> pd.DataFrame:
    """Return runs of two cases or more in one group, none more than two weeks after another."""
    ordered = cases.sort_values(["ward", "group", "report"], kind="stable")
    gap = ordered.groupby(["ward", "group"])["report"].diff()
    ordered = ordered.assign(episode=(~(gap <= 14)).cumsum())
    runs = ordered.groupby("episode").agg(
        ward=("ward", "first"),
        group=("group", "first"),
        last=("report", "last"),
        n=("report", "size"),
    )
    second = ordered[ordered.groupby("episode").cumcount() == 1].set_index("episode")["report"]
    runs = runs[runs["n"] >= 2].assign(second=second)
    return runs.sort_values(["second", "ward", "group"], ignore_index=True)


def _whole_wards(world: World) -> pd.DataFrame:
    """Return the wards that were closed as a whole in July 2021."""
    closed = pd.DataFrame(_WHOLE_WARDS, columns=["location", "start_time", "end_time"])
    closed = closed.astype({"start_time": "datetime64[ns]", "end_time": "datetime64[ns]"})
    closed = closed[closed["start_time"].between(world.dates[world.first], world.end)]
    wards = world.wards.set_index("ward_code").loc[closed["location"]].reset_index()
    return closed.assign(
        point_id=("PX" + closed["location"]).to_numpy(),
        area_m2=(wards["area_km2"] * 1e6).to_numpy(),
        households=np.rint(wards["population"].to_numpy() / 3.4).astype(np.int64),
        persons=wards["population"].to_numpy(),
        lat=wards["lat"].to_numpy(),
        lon=wards["lon"].to_numpy(),
        issuer="UBND thành phố",
    )


def _with_status(
    rng: np.random.Generator, points: pd.DataFrame, last_day: pd.Timestamp
) -> pd.DataFrame:
    """Return a row a point and status (closed, opened in part or all), known a day later."""
    begin, end = points["start_time"].dt.normalize(), points["end_time"].dt.normalize()
    middle = (begin + (end - begin) / 2).dt.normalize()
    partly = (rng.random(len(points)) < 0.15) & (end - begin > pd.Timedelta(days=6))
    open_end = pd.Series(pd.NaT, index=points.index, dtype="datetime64[ns]")
    rows = pd.concat(
        [
            points.assign(status="active", end_time=open_end, _known=begin),
            points.assign(status="partly_lifted", end_time=open_end, _known=middle)[partly],
            points.assign(status="lifted", _known=end),
        ]
    )
    rows["_known"] += pd.Timedelta(days=1)
    rows = rows[rows["_known"] <= last_day]
    return rows.sort_values(["_known", "point_id"], ignore_index=True)
