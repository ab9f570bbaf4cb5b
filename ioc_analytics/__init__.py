"""Analytics and forecasting workbench of the Thủ Đức City operations centre."""
