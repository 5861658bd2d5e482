"""Replays daily history through the live score, and studies what the score did when something happened."""
