"""Prometheus in memory."""
