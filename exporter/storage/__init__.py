"""What outlives the process: one SQLite file, its history and its copies."""
