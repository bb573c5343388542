"""Programs from PATH in place of the lab's own systems."""

PROGRAMS = ("boundary", "promtail", "alloy", "loki", "prometheus", "grafana")
"""Their names, in the order of the pipeline."""
