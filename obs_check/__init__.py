"""obs-check: validates a Loki/Grafana log pipeline end to end and explains empty dashboard panels."""

__version__ = "0.1.0"
