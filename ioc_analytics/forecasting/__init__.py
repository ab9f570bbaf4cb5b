"""Probabilistic forecasts of any indicator: made, made again from the past, and scored.

Frames in and out have the columns of the forecast hubs (DESIGN.md 4).
"""

from ioc_analytics.forecasting.backtest import backtest
from ioc_analytics.forecasting.models import register_model
from ioc_analytics.forecasting.predict import HUB_QUANTILES, ForecastWarning, forecast, notes
from ioc_analytics.forecasting.scoring import score, scoreboard

__all__ = [
    "HUB_QUANTILES",
    "ForecastWarning",
    "backtest",
    "forecast",
    "notes",
    "register_model",
    "score",
    "scoreboard",
]
