"""The HTTP server: routes, doors and pages. It reads what the service published and never calls a source."""
