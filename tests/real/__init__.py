"""Runs against real programs on PATH."""
