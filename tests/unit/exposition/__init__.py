"""From what is known to the bytes of the page."""
