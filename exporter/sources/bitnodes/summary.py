"""Summaries of the newest crawl."""
