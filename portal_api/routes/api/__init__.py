"""The same for programs, under /api/v1, a module a subject."""
