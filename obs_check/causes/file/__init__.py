"""Causes between a decision and boundary's log file."""
