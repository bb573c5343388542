"""Evaluates a Grafana panel as the browser does: what it asks, and what a person sees of the answer."""
