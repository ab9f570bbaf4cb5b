"""Which chart stack draws our dashboards: candidates, one page each, and the measurements."""
