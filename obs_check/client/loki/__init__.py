"""Loki's API."""
