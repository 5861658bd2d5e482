"""Pages as functions: one request value in, one answer value out."""
