"""Stand-ins for the outside: sample files that look like a practice's own. Imports nothing else of the project."""
