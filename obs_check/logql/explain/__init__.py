"""What each part of a query does to the lines and series that pass it."""
