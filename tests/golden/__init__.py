"""Pages and documents kept as files and compared; make golden writes them anew."""
