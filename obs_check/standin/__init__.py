"""Loki, Grafana, Prometheus and SQL in memory, without ports."""
