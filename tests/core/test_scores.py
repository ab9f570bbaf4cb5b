import naive
import numpy as np
import pytest
import scoringrules as sr
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from ioc_analytics.core.scores import (
    crps_ensemble,
    interval_coverage,
    interval_score,
    mae,
    pinball,
    wis,
    wis_parts,
)
from ioc_analytics.errors import ContractError

_LEVELS = np.array([0.01, 0.025, *np.arange(1, 20) / 20, 0.975, 0.99])


@pytest.fixture
def case(rng):
    """Observations (40,) and sorted quantiles (40, 23), some observations far outside."""
    obs = rng.normal(10.0, 30.0, size=40)
    return obs, np.sort(rng.normal(10.0, 5.0, size=(40, _LEVELS.size)), axis=1)


def test_scores_equal_their_twins(case):
    obs, predicted = case
    for y, quantiles in zip(obs, predicted, strict=True):
        each = [naive.naive_pinball(y, q, t) for q, t in zip(quantiles, _LEVELS, strict=True)]
        assert pinball(y, quantiles, _LEVELS) == pytest.approx(each, abs=1e-12)
        assert wis(y, quantiles, _LEVELS) == pytest.approx(
            naive.naive_wis(y, quantiles, _LEVELS), abs=1e-9
        )
        assert np.array(wis_parts(y, quantiles, _LEVELS)) == pytest.approx(
            naive.naive_wis_parts(y, quantiles, _LEVELS), abs=1e-9
        )
    lower, upper = predicted[:, 3], predicted[:, -4]
    assert mae(obs, lower) == pytest.approx(naive.naive_mae(obs, lower))
    assert interval_coverage(obs, lower, upper).mean() == naive.naive_coverage(obs, lower, upper)
    assert interval_score(obs, lower, upper, 0.2) == pytest.approx(
        [naive.naive_interval_score(*row, 0.2) for row in zip(obs, lower, upper, strict=True)]
    )
    assert crps_ensemble(obs, predicted) == pytest.approx(
        [naive.naive_crps_ensemble(y, row) for y, row in zip(obs, predicted, strict=True)]
    )


def test_scores_equal_scoringrules(case):
    obs, predicted = case
    # not sr.weighted_interval_score: version 0.10 without numba adds the median, not its error
    losses = [
        sr.quantile_score(obs, predicted[:, column], level, backend="numpy")
        for column, level in enumerate(_LEVELS)
    ]
    assert wis(obs, predicted, _LEVELS) == pytest.approx(2 * np.mean(losses, axis=0), abs=1e-9)
    assert pytest.approx(np.array(losses), abs=1e-9) == pinball(obs, predicted, _LEVELS).T
    lower, upper = predicted[:, 0], predicted[:, -1]
    assert interval_score(obs, lower, upper, 0.02) == pytest.approx(
        sr.interval_score(obs, lower, upper, 0.02, backend="numpy"), abs=1e-9
    )
    assert crps_ensemble(obs, predicted) == pytest.approx(
        sr.crps_ensemble(obs, predicted, estimator="nrg", backend="numpy"), abs=1e-9
    )


def test_wis_of_many_levels_tends_to_the_crps_of_a_normal():
    level = (np.arange(2000) + 0.5) / 2000
    quantiles = ndtri(level)
    assert wis(0.7, quantiles, level) == pytest.approx(sr.crps_normal(0.7, 0.0, 1.0), abs=1e-3)


def test_parts_add_up_and_name_the_side(case):
    obs, predicted = case
    parts = wis_parts(obs, predicted, _LEVELS)
    assert sum(parts) == pytest.approx(wis(obs, predicted, _LEVELS), abs=1e-12)
    high = wis_parts(obs, obs[:, None] + 5.0 + np.arange(23.0), _LEVELS)
    assert (high.overprediction > 0).all()
    assert (high.underprediction == 0).all()


def test_perfect_forecast_scores_zero():
    perfect = np.full(_LEVELS.size, 4.0)
    assert wis(4.0, perfect, _LEVELS) == 0.0
    assert crps_ensemble(4.0, perfect) == 0.0
    assert interval_coverage(4.0, 4.0, 4.0) == 1.0


def test_order_of_levels_does_not_matter(case, rng):
    obs, predicted = case
    order = rng.permutation(_LEVELS.size)
    shuffled = wis_parts(obs, predicted[:, order], _LEVELS[order])
    assert np.array(shuffled) == pytest.approx(np.array(wis_parts(obs, predicted, _LEVELS)))


@given(
    y=st.floats(-1e6, 1e6),
    quantiles=st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5).map(sorted),
    shift=st.floats(-1e6, 1e6),
    scale=st.floats(1e-3, 1e3),
)
def test_wis_moves_with_the_unit_and_not_with_the_origin(y, quantiles, shift, scale):
    level = [0.05, 0.25, 0.5, 0.75, 0.95]
    plain = wis(y, quantiles, level)
    moved = wis(scale * y + shift, scale * np.array(quantiles) + shift, level)
    assert plain >= 0.0
    assert moved == pytest.approx(scale * plain, rel=1e-6, abs=1e-6)


def test_missing_stays_missing_and_harms_nothing_else(case):
    obs, predicted = case[0].copy(), case[1].copy()
    obs[3], predicted[5, 7] = np.nan, np.nan
    for result in (
        wis(obs, predicted, _LEVELS),
        *wis_parts(obs, predicted, _LEVELS),
        crps_ensemble(obs, predicted),
    ):
        assert np.flatnonzero(np.isnan(result)).tolist() == [3, 5]
    assert np.isnan(interval_coverage(np.nan, 0.0, 1.0))


@pytest.mark.parametrize("level", [[0.0, 0.5], [0.5, 1.0], [[0.5]], [np.nan]])
def test_impossible_levels_are_refused(level):
    with pytest.raises(ContractError, match="between 0 and 1"):
        wis(1.0, [1.0, 2.0], level)


def test_wrong_shapes_and_sides_are_refused():
    with pytest.raises(ContractError, match="must hold 3 levels"):
        pinball(1.0, [1.0, 2.0], [0.1, 0.5, 0.9])
    with pytest.raises(ContractError, match="median and pairs"):
        wis_parts(1.0, [1.0, 2.0, 3.0], [0.1, 0.5, 0.8])
    with pytest.raises(ContractError, match="alpha"):
        interval_score(1.0, 0.0, 2.0, alpha=1.0)
