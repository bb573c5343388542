"""Causes inside of Loki, before a line is stored."""
