"""Statistics of the last 24 hours."""
