"""A seeded Bitcoin world that answers like every source."""
