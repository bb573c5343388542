"""Transformations: frames in, frames out, one a file, with Grafana's rules for what is missing or empty."""


class NotFollowed(Exception):
    """Raised by a transformation whose options ask for what obs-check does not do."""
