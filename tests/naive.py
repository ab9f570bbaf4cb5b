"""Slow honest twins: loops straight from the definitions, one for each fast function."""

import math


def naive_mae(obs, predicted):
    total = 0.0
    for y, x in zip(obs, predicted, strict=True):
        total += abs(y - x)
    return total / len(obs)


def naive_pinball(y, q, level):
    return level * (y - q) if y >= q else (1 - level) * (q - y)


def naive_wis(y, quantiles, levels):
    """Return the interval form: half the error of the median plus alpha/2 of each interval."""
    pairs = dict(zip(levels, quantiles, strict=True))
    lower_levels = [level for level in levels if level < 0.5]
    total = 0.5 * abs(y - pairs[0.5])
    for level in lower_levels:
        alpha = 2 * level
        upper = min(pairs, key=lambda other, level=level: abs(other - (1 - level)))
        total += alpha / 2 * naive_interval_score(y, pairs[level], pairs[upper], alpha)
    return total / (len(lower_levels) + 0.5)


def naive_wis_parts(y, quantiles, levels):
    """Split each interval score and the error of the median by its sign."""
    pairs = dict(zip(levels, quantiles, strict=True))
    lower_levels = [level for level in levels if level < 0.5]
    dispersion, over, under = 0.0, 0.5 * max(pairs[0.5] - y, 0), 0.5 * max(y - pairs[0.5], 0)
    for level in lower_levels:
        upper = min(pairs, key=lambda other, level=level: abs(other - (1 - level)))
        dispersion += level * (pairs[upper] - pairs[level])
        over += max(pairs[level] - y, 0)
        under += max(y - pairs[upper], 0)
    weight = len(lower_levels) + 0.5
    return dispersion / weight, over / weight, under / weight


def naive_interval_score(y, lower, upper, alpha):
    score = upper - lower
    if y < lower:
        score += 2 / alpha * (lower - y)
    if y > upper:
        score += 2 / alpha * (y - upper)
    return score


def naive_coverage(obs, lower, upper):
    inside = 0
    for y, low, high in zip(obs, lower, upper, strict=True):
        if low <= y <= high:
            inside += 1
    return inside / len(obs)


def naive_crps_ensemble(y, members):
    m = len(members)
    accuracy = sum(abs(x - y) for x in members) / m
    spread = sum(abs(a - b) for a in members for b in members) / m**2
    return accuracy - spread / 2


def naive_ets_variance(alpha, beta, gamma, phi, season, steps):
    """Return the forecast variance per unit error by pushing one error through the recursion."""
    totals, responses = [], []
    level, trend, seasonal = 0.0, 0.0, [0.0] * season
    for step in range(steps):
        error = 1.0 if step == 0 else 0.0
        value = level + phi * trend + seasonal[0] + error
        level, trend = level + phi * trend + alpha * error, phi * trend + beta * error
        seasonal = [*seasonal[1:], seasonal[0] + gamma * error]
        responses.append(value)
        totals.append(math.fsum(response**2 for response in responses))
    return totals


def naive_board(scores, baseline):
    """Return model -> WIS relative to the baseline on the forecasts that both made."""

    def rows(model):
        chosen = scores[scores["model_id"] == model]
        keys = zip(
            chosen["target"],
            chosen["location"],
            chosen["reference_date"],
            chosen["horizon"],
            strict=True,
        )
        return dict(zip(keys, chosen["wis"], strict=True))

    base = rows(baseline)
    board = {}
    for model in scores["model_id"].unique():
        own = rows(model)
        common = [key for key in own if key in base]
        top, bottom = sum(own[key] for key in common), sum(base[key] for key in common)
        board[model] = top / bottom if common else math.nan
    return board
