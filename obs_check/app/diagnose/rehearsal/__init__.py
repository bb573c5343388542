"""What would happen behind a place where lines get lost: the run's lines as they would be written, through the real
configuration of the shipper and the real dashboard, on a Loki in memory. Nothing is sent to any system."""
