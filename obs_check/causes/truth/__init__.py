"""Zeros that are true."""
