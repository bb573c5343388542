"""How fast the row engine is, and a real Loki beside it."""
