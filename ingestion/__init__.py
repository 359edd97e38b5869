"""Outside data in: append-only, replayable, never a name."""
