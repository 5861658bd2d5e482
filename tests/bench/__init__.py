"""Figures, not tests: `make bench` measures side by side in one run and prints tables of medians and ratios."""
