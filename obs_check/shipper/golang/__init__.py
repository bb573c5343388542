"""How Go writes and reads numbers, times, durations, sizes and JSON, where that shows in a shipped line."""
