"""promtail's and Alloy's API, positions and log."""
