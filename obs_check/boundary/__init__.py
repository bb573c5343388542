"""boundary: its rule grammar, its configuration, the lines it writes."""
