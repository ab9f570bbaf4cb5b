"""What tracing writes down of the simulated outbreak: contacts, places, lockdown points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.twin.outbreak import KINDS
from ioc_analytics.twin.outbreak_course import ORIGIN, by_day
from ioc_analytics.twin.values import dates, known_only, numbered, sometimes_missing
from ioc_analytics.twin.world import World

__all__ = ["contacts", "infection_places", "lockdown_points", "shared_places"]

_Values = NDArray[Any]

_MET = (0.45, 0.25, 0.08, 0.22)  # contacts at home, at work, at the market, elsewhere
# Whole wards closed (DOMAIN.md B.3); ends of Linh Trung's and starts of the others' are chosen.
_WHOLE_WARDS = (
    ("26800", "2021-07-18 00:00", "2021-08-09 18:00"),
    ("26803", "2021-07-18 00:00", "2021-07-30 18:00"),
    ("26797", "2021-07-20 00:00", "2021-07-30 18:00"),
    ("26809", "2021-07-20 00:00", "2021-07-30 18:00"),
    ("26794", "2021-07-20 00:00", "2021-07-30 18:00"),
    ("26806", "2021-07-20 00:00", "2021-07-30 18:00"),
)


def shared_places(cases: pd.DataFrame) -> pd.Series:
    """Tell which cases were infected at a place, no home, with three reported cases or more."""
    public = cases["place_id"].notna() & (cases["kind"] != KINDS.index("household"))
    return public & (cases.groupby("place_id")["place_id"].transform("size") >= 3)


# -- contacts --------------------------------------------------------------------------------------


def contacts(world: World, cases: pd.DataFrame, n_days: int) -> pd.DataFrame:
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
            "directed": sometimes_missing(rng, pairs["directed"], 0.05),
            "first_contact": dates(np.where(rng.random(n) < 0.12, -1, first)),
            "last_contact": dates(last),
            "setting": sometimes_missing(rng, kinds, 0.05),
            "place_id": sometimes_missing(rng, pairs["place_id"], 0.10),
            "certainty": sometimes_missing(rng, sure, 0.06),
            "_known": dates(pairs["known"]),
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
        numbered("HO", case["household"], 5),
        known_only(kind == work, numbered("LV", case["workplace"], 5)),
    )
    person = np.where(kind == home, case["household"] * 10 + rng.integers(0, 4, n), 10**7 + met)
    person = np.where(kind == home, person, person * 10 + np.arange(n) % 10)
    seen = np.where(case["onset"] >= 0, case["onset"], case["sampled"]) - rng.integers(-1, 4, n)
    return pd.DataFrame(
        {
            "source_id": case["case_id"].to_numpy(),
            "contact_id": numbered("TX", person, 9),
            "directed": rng.random(n) < 0.5,
            "last": np.clip(seen, 0, case["report"]),
            "kind": kind,
            "place_id": place,
            "known": case["report"].to_numpy(),
            "well": 1,
        }
    )


def _companions(rng: np.random.Generator, cases: pd.DataFrame) -> pd.DataFrame:
    """List cases who met at a shared place without one infecting the other."""
    there = cases[shared_places(cases)].sort_values(["place_id", "infected"])
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


def infection_places(world: World, cases: pd.DataFrame) -> pd.DataFrame:
    """List places from their third reported case on; a second row tells how many there were."""
    rng = world.rng("epidemic places")
    there = cases[shared_places(cases)].sort_values(["place_id", "report"], kind="stable")
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
            "first_date": dates(first.loc[ids]),
        }
    )
    early = listed.assign(last_date=dates(third["report"]), cases=3, _known=dates(third["report"]))
    newest = newest.set_index("place_id").loc[ids, "report"]
    late = listed.assign(last_date=dates(newest), cases=totals.loc[ids].to_numpy())
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


def lockdown_points(world: World, cases: pd.DataFrame, n_days: int) -> pd.DataFrame:
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
            "point_id": numbered("PT", np.arange(1, n + 1), 5),
            "location": world.wards["ward_code"].to_numpy()[ward],
            "khu_pho": [f"Khu phố {1 + g // 12}" for g in groups],
            "group_no": [f"Tổ {g}" for g in groups],
            "street": sometimes_missing(rng, [f"Hẻm {1 + g % 90}" for g in groups], 0.1),
            "from_house": sometimes_missing(rng, first_house.astype(str), 0.15),
            "to_house": sometimes_missing(rng, (first_house + 2 * houses).astype(str), 0.15),
            "area_m2": sometimes_missing(rng, (houses * rng.uniform(50, 120, n)).round(-1), 0.3),
            "households": houses,
            "persons": np.maximum(rng.poisson(3.7 * houses), houses),
            "lat": (world.wards["lat"].to_numpy()[ward] + km * _spread(rng, ward)).round(5),
            "lon": (world.wards["lon"].to_numpy()[ward] + km * _spread(rng, ward)).round(5),
            "start_time": dates(start) + pd.to_timedelta(rng.integers(6, 22, n), unit="h"),
            "end_time": dates(end) + pd.to_timedelta(rng.integers(8, 19, n), unit="h"),
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
