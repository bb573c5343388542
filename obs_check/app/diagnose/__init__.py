"""What each panel reads and why, with proof."""
