"""Families to pages: what can be shown, and the bytes of it."""
