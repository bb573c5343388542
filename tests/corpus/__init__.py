"""Seeded faults and what the diagnosis says of them."""
