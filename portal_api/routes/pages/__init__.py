"""Pages for people, a module a subject."""
