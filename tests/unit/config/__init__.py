"""Flags, environment, file and defaults to one configuration."""
