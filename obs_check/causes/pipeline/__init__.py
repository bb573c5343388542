"""Causes in a query's stages."""
