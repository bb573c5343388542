"""Causes between a log file and Loki."""
