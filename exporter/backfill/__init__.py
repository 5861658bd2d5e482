"""Years of daily history, from a folder or from the sources' own charts, as input of `promtool tsdb`."""
