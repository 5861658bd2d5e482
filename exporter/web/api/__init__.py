"""JSON for programs: `/api/v2`, its OpenAPI document and its page."""
