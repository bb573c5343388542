"""Grafana Alloy's configuration syntax, and its loki.* components as the neutral pipeline."""
