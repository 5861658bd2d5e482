"""Replays daily history through the live score, and studies what the score did when something happened."""

from scoring.backtest.result import Result as Result
from scoring.backtest.run import run as run
from scoring.backtest.table import HistoryError as HistoryError
