"""Daily charts."""
