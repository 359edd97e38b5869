"""The video visit: who may come in and when, the room, who was there, and when it may be recorded."""
