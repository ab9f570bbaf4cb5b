"""A small simulated sample in the city's file formats, so that a fresh machine has pages to show.

Nothing here was observed. The 2021 wave is a renewal process with superspreading whose course was
set by hand so that its totals pass near the published ones; weather, clinics and economy are
seasons with noise. No value is copied from a real file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ioc_analytics.calendar import holiday_shares
from ioc_analytics.places import REFERENCE

__all__ = ["SAMPLE_TABLES", "SampleFile", "write_sample"]

_Array = NDArray[np.float64]
_Counts = NDArray[np.int64]

_AS_OF = "2021-10-24"  # the day on which the simulated city looks at its data
_WAVE = pd.date_range("2021-04-27", _AS_OF)
_LATE_WARD, _LATE_DAYS = "26857", 3  # Long Phước has not sent its newest days yet
_TITLE = "DỮ LIỆU MÔ PHỎNG - KHÔNG PHẢI SỐ LIỆU THẬT"

# R by measure in force (DOMAIN.md D.4); the values were chosen, not estimated.
_R = {
    "2021-04-27": 1.35,  # fourth wave
    "2021-05-31": 1.60,  # Directive 15
    "2021-06-20": 1.70,  # Directive 10
    "2021-07-09": 1.40,  # Directive 16
    "2021-07-26": 0.91,  # curfew
    "2021-08-15": 1.22,  # testing of whole quarters finds more
    "2021-08-23": 0.99,  # everyone stays where they are
    "2021-09-14": 0.80,  # two doses take effect
    "2021-10-01": 0.60,
}
_EFFECT_DAYS = 7  # from a measure to the reports
_LOCKED = {"26800": 0.8, "26803": 0.8}  # Linh Trung, Tam Bình: R is lower from 18 July
_SHARE = 0.10  # of the province's cases, DOMAIN.md D.5
_MIXING = 0.3  # share of infections outside the infector's ward
_K = 0.4  # dispersion of the number infected by one person
_IMPORTS, _IMPORT_DAYS = 1.0, 30  # cases a day from elsewhere, at the start
_GENERATION = (5.0, 2.5)  # mean and sd, days
_TO_DEATH = (14.0, 6.0)
_HELD_BACK = np.array([0, 0, 0, 0, 0, 0.08, 0.18])  # of Saturday's and Sunday's reports, by a day
# Published running totals of the province; a draw that is off by more than _OFF is drawn again.
_TOTALS = {"2021-06-20": 1_618, "2021-07-18": 31_391, "2021-08-29": 209_921}
_OFF = 1.4


SAMPLE_TABLES = (
    "economy.monthly",
    "epidemic.cases_daily",
    "geography.weather_daily",
    "health.ili_weekly",
)


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A written file, the table it belongs to and the options it is taken in with."""

    path: Path
    table: str
    options: dict[str, Any] = field(default_factory=dict)


def write_sample(folder: str | Path, seed: int = 0) -> list[SampleFile]:
    """Write the simulated sample as the city's systems would export it.

    Five files: cases and deaths by ward (27 April to 24 October 2021; d/m/Y dates, semicolons,
    byte order mark, title row; one ward lacks its last three days), cases and deaths of the
    province from March 2020, clinics by week and economy by month from 2014, weather from 2019.

    Parameters
    ----------
    folder : str or Path
        Created if absent; files of the same names are replaced.
    seed : int
        The same seed gives the same bytes.

    Returns
    -------
    list of SampleFile
        To be taken in with ``lake.ingest(f.path, f.table, simulated=True, **f.options)``, as known
        on 24 October 2021.

    Notes
    -----
    For showing how the workbench works; nothing about the city may be concluded from it. The wave
    is drawn again until three published running totals are met within a factor of 1.4, so totals
    vary less between seeds than chance alone would make them.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_sample(folder)
    >>> [f.table for f in files[:2]], files[1].options["set_columns"]
    (['epidemic.cases_daily', 'epidemic.cases_daily'], {'location': '79'})
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # one generator a file, so that a change in one leaves the others' bytes
    wave, province, clinics, sky, economy = np.random.default_rng(seed).spawn(5)
    cases, deaths = _wave(wave)
    here = {"set_columns": {"location": "79"}}
    parts: list[tuple[str, str, pd.DataFrame, dict[str, Any]]] = [
        ("ca_mac_phuong", "epidemic.cases_daily", _by_ward(cases, deaths), {}),
        ("ca_mac_hcmc", "epidemic.cases_daily", _province(province, cases, deaths), here),
        ("hoi_chung_cum_tuan", "health.ili_weekly", _clinics(clinics), here),
        ("thoi_tiet_ngay", "geography.weather_daily", _weather(sky), here),
        ("kinh_te_thang", "economy.monthly", _economy(economy), {}),
    ]
    files = []
    for name, table, frame, options in parts:
        path = folder / f"{name}_mo_phong.csv"
        if name == "ca_mac_phuong":
            text = f"{_TITLE}\n" + frame.to_csv(sep=";", index=False, date_format="%d/%m/%Y")
            path.write_text(text, encoding="utf-8-sig", newline="")
        else:
            path.write_text(frame.to_csv(index=False), encoding="utf-8", newline="")
        files.append(SampleFile(path, table, {"as_of": _AS_OF, **options}))
    return files


# -- the wave of 2021 -----------------------------------------------------------------------------


def _wave(rng: np.random.Generator) -> tuple[_Counts, _Counts]:
    """Draw reported cases and deaths, shape (days, 34 wards + the rest of the province)."""
    wards = _wards()
    shares = wards["population"].to_numpy() * rng.lognormal(0, 0.35, len(wards))
    shares = np.append(_SHARE * shares / shares.sum(), 1 - _SHARE)
    while True:
        cases = _delayed(rng, _infections(rng, shares))
        total = pd.Series(cases.sum(axis=1).cumsum(), index=_WAVE)
        if all(1 / _OFF < total[day] / known < _OFF for day, known in _TOTALS.items()):
            break
    expected = _convolved(cases.astype(float), _pmf(*_TO_DEATH, 42))
    fatality = np.where(_since("2021-09-10"), 0.03, 0.05)
    return cases, rng.poisson(fatality[:, None] * expected)


def _infections(rng: np.random.Generator, shares: _Array) -> _Counts:
    """Renewal: those infected by n persons are NB(mean n R, size n k), most of them near by."""
    pmf = _pmf(*_GENERATION, 14)
    R = _reproduction_number()
    new = np.zeros((len(_WAVE), len(shares)), dtype=np.int64)
    for t in range(len(_WAVE)):
        recent = new[max(t - len(pmf), 0) : t][::-1]
        infectious = pmf[: len(recent)] @ recent
        load = (1 - _MIXING) * infectious + _MIXING * shares * infectious.sum()
        load += shares * (_IMPORTS / R[t].mean()) * (t < _IMPORT_DAYS)
        new[t] = rng.negative_binomial(_K * load + 1e-12, _K / (_K + R[t]))
    return new


def _reproduction_number() -> _Array:
    """R by day of report and place, shape (days, 35)."""
    steps = pd.Series(_R.values(), index=pd.to_datetime(list(_R)))
    by_day = steps.reindex(_WAVE - pd.Timedelta(days=_EFFECT_DAYS), method="ffill").bfill()
    codes = _wards()["ward_code"].tolist()
    R: _Array = np.repeat(by_day.to_numpy(float)[:, None], len(codes) + 1, axis=1)
    for code, factor in _LOCKED.items():
        R[:, codes.index(code)] *= np.where(_since("2021-07-25"), factor, 1.0)
    return R


def _delayed(rng: np.random.Generator, cases: _Counts) -> _Counts:
    """Report some of a weekend's cases a day later."""
    held = rng.binomial(cases, _HELD_BACK[_WAVE.dayofweek][:, None])
    reported = cases - held
    reported[1:] += held[:-1]
    return reported


def _wards() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "wards.csv", dtype={"ward_code": str})


def _pmf(mean: float, sd: float, n: int) -> _Array:
    """Delays of 1 to n days in the proportions of a gamma density."""
    days = np.arange(1, n + 1)
    weights = days ** ((mean / sd) ** 2 - 1) * np.exp(-days * mean / sd**2)
    return np.asarray(weights / weights.sum())


def _convolved(counts: _Array, pmf: _Array) -> _Array:
    """Return what follows counts after a delay of 1, 2, … days."""
    delay = np.concatenate([[0], pmf])
    return np.apply_along_axis(lambda c: np.convolve(c, delay)[: len(c)], 0, counts)


def _by_ward(cases: _Counts, deaths: _Counts) -> pd.DataFrame:
    wards, n = _wards(), len(_WAVE)
    frame = pd.DataFrame(
        {
            "Ngày": np.repeat(_WAVE, len(wards)),
            "Mã phường": np.tile(wards["ward_code"], n),
            "Phường": np.tile("Phường " + wards["name_vi"], n),
            "Số ca mắc mới": cases[:, :-1].ravel(),
            "Tử vong": deaths[:, :-1].ravel(),
        }
    )
    late = frame["Ngày"] > _WAVE[-1] - pd.Timedelta(days=_LATE_DAYS)
    return frame[~(late & (frame["Mã phường"] == _LATE_WARD))]


def _province(rng: np.random.Generator, cases: _Counts, deaths: _Counts) -> pd.DataFrame:
    before = pd.date_range("2020-03-01", _WAVE[0], inclusive="left")
    clusters = [("2020-03-20", 2.5, 9), ("2020-08-01", 1.0, 12), ("2021-02-08", 3.0, 6)]
    mean = np.full(len(before), 0.08)
    for centre, height, days in clusters:
        away = (before - pd.Timestamp(centre)).days.to_numpy() / days
        mean += height * np.exp(-(away**2) / 2)
    early = rng.negative_binomial(_K, _K / (_K + mean))
    return pd.DataFrame(
        {
            "date": before.append(_WAVE),
            "new_cases": np.concatenate([early, cases.sum(axis=1)]),
            "new_deaths": np.concatenate([np.zeros_like(early), deaths.sum(axis=1)]),
        }
    )


# -- seasons with noise ---------------------------------------------------------------------------


def _ar1(rng: np.random.Generator, n: int, phi: float, sd: float) -> _Array:
    """Noise with memory: standard deviation `sd`, correlation `phi` from one step to the next."""
    noise = rng.normal(0, sd * np.sqrt(1 - phi**2), n)
    noise[0] /= np.sqrt(1 - phi**2)
    for t in range(1, n):
        noise[t] += phi * noise[t - 1]
    return noise


def _since(day: str, dates: pd.DatetimeIndex = _WAVE) -> NDArray[np.bool_]:
    """Tell which dates are not before a day."""
    return np.asarray(dates >= pd.Timestamp(day))


def _season(dates: pd.DatetimeIndex, peak_day: int) -> _Array:
    """Return a wave of one year between -1 and 1, highest on the given day of the year."""
    return np.cos(2 * np.pi * (dates.dayofyear.to_numpy() - peak_day) / 365.25)


def _clinics(rng: np.random.Generator) -> pd.DataFrame:
    weeks = pd.date_range("2014-01-06", "2021-10-18", freq="W-MON")
    n = len(weeks)
    masks, lockdown, reopened = (
        _since(day, weeks) for day in ("2020-03-30", "2021-05-31", "2021-10-04")
    )
    open_share = 1 - 0.2 * masks - 0.4 * (lockdown & ~reopened)
    reports = np.maximum(rng.poisson(130 * open_share), 5)
    patients = rng.negative_binomial(60, 60 / (60 + 38 * reports))
    years = np.repeat(rng.normal(0, 0.18, 9), 53)[(weeks.year - 2014) * 53 + weeks.dayofyear // 7]
    level = -2.65 + 0.12 * _season(weeks, 285) + 0.06 * _season(weeks, 15) + years
    level += _ar1(rng, n, 0.75, 0.14) - 0.3 * masks
    ili = rng.binomial(patients, 1 / (1 + np.exp(-level)))
    return pd.DataFrame(
        {
            "week_start": weeks,
            "reports": reports,
            "clinics": np.minimum(rng.binomial(34, 0.8 * open_share).clip(3), reports),
            "patients": patients,
            "ili": ili,
            "ili_pct": (100 * ili / patients).round(3),
        }
    )


def _weather(rng: np.random.Generator) -> pd.DataFrame:
    days = pd.date_range("2019-01-01", _AS_OF)
    n = len(days)
    wet = 1 / (1 + np.exp(-(2.2 * _season(days, 230) + 0.4)))  # 0 dry season, 1 rainy season
    rainy = rng.random(n) < 0.05 + 0.75 * wet
    rain = np.where(rainy, rng.gamma(0.9, 9.0, n), rng.gamma(0.3, 0.3, n)).round(2)
    temp = 27.9 + 1.4 * _season(days, 115) - 0.5 * rainy + _ar1(rng, n, 0.7, 0.9)
    humid = np.clip(58 + 28 * wet + 2.5 * rainy + _ar1(rng, n, 0.7, 3.5), 35, 98)
    # Magnus formula over water, coefficients of Alduchov and Eskridge (1996)
    magnus = np.log(humid / 100) + 17.625 * temp / (243.04 + temp)
    wind = np.clip(2.1 + 0.5 * _season(days, 75) + _ar1(rng, n, 0.5, 0.5), 0.3, None)
    frame = pd.DataFrame(
        {
            "date": days,
            "temp_c": temp,
            "dewpoint_c": 243.04 * magnus / (17.625 - magnus),
            "rel_humidity_pct": humid,
            "rain_mm": rain,
            "pressure_kpa": 100.42 + 0.16 * _season(days, 10) + _ar1(rng, n, 0.7, 0.07),
            "wind_2m_ms": wind,
            "wind_10m_ms": 1.45 * wind,
            "uv_index": np.clip(2.1 + 0.3 * _season(days, 100) + rng.normal(0, 0.2, n), 0.3, None),
            "soil_moisture": np.clip(0.48 + 0.28 * wet + _ar1(rng, n, 0.9, 0.02), 0, 1),
        }
    )
    return frame.round(2)


def _economy(rng: np.random.Generator) -> pd.DataFrame:
    """Monthly series; each year's Tết lifts the weeks before it and empties those of the break."""
    months = pd.date_range("2013-01-01", "2021-09-01", freq="MS")
    n = len(months)
    year = np.arange(n) / 12
    pre, during, post, _ = holiday_shares(months + pd.offsets.MonthEnd(), "M").T
    closed = 1.0 * _since("2021-07-01", months) + 0.7 * (months == pd.Timestamp("2020-04-01"))
    retail = 215e3 * np.exp(0.09 * year + 0.10 * pre - 0.05 * during - 0.05 * post - 0.3 * closed)
    retail *= np.exp(_ar1(rng, n, 0.4, 0.012))
    output = np.exp(0.08 * year + 0.08 * pre - 0.9 * during - 0.1 * post - 0.14 * closed)
    output *= np.exp(_ar1(rng, n, 0.5, 0.015))
    budget = 1500 * np.exp(0.07 * year + 0.45 * _season(months, 330) - 0.8 * during - 0.4 * closed)
    budget *= np.exp(_ar1(rng, n, 0.3, 0.15))
    iip = np.concatenate([np.full(12, np.nan), 100 * (output[12:] / output[:-12] - 1)])
    series = {
        "retail_sales": ("Việt Nam", retail.round(1), "tỷ đồng"),
        "state_budget_investment": ("TP. Hồ Chí Minh", budget.round(1), "tỷ đồng"),
        "cpi_yoy": ("Việt Nam", (2.9 + _ar1(rng, n, 0.93, 1.1)).round(2), "% so với cùng kỳ"),
        "iip_yoy": ("Việt Nam", iip.round(2), "% so với cùng kỳ"),
    }
    parts = [
        pd.DataFrame(
            {
                "month": months.strftime("%Y-%m"),
                "geo": geo,
                "series": name,
                "value": v,
                "unit": unit,
            }
        ).iloc[12:]
        for name, (geo, v, unit) in series.items()
    ]
    return pd.concat(parts, ignore_index=True)
