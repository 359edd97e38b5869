"""The doors to processors: whatever leaves goes through the table in egress, and only here is an SDK imported."""
