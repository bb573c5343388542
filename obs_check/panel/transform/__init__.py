"""Transformations: frames in, frames out, one a file, with Grafana's rules for what is missing or empty."""
