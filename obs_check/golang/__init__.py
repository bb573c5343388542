"""Go as Loki and promtail lean on it: numbers, durations, layouts, quoting, regular expressions, templates."""
