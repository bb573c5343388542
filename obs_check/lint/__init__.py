"""Offline checks of dashboards, queries and shipper configurations: one rule a file, see docs/lint.md."""
