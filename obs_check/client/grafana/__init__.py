"""Grafana's API."""
