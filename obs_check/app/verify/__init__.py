"""Send events, follow them, read the panels, and say what is broken."""
