"""Verify again and again, and remember of each run what a monitor asks for."""
