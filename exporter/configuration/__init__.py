"""The configuration: what may be said, where it is read from, and what is said of mistakes."""
