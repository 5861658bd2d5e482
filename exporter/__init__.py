"""The exporter process: from upstream bytes to HTTP bytes."""
