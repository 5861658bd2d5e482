"""The newest crawl, node by node."""
