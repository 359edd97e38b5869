"""The assets and checks, one kind a module."""
