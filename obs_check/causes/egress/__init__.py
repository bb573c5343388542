"""Causes between a tool call and the firewall's decision."""
