"""How the score is made: pure functions of readings, the same for live data, backfill and backtests."""
