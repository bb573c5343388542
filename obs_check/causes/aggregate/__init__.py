"""Causes in what a query makes of lines: ranges, groupings, operators."""
