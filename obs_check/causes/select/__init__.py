"""Causes in a query's selector."""
