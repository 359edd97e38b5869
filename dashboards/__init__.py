"""Pictures of the marts: server-rendered pages that only read."""
