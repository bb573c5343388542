"""Setting obs-check up: a configuration that works, and what of one does not."""
