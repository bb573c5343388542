"""Causes in a panel around its queries."""
