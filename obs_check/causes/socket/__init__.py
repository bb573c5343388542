"""Causes between a decision and coderd's log line."""
