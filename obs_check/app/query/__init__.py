"""LogQL on files, on Loki and through Grafana."""
