"""Practices: found by host name, each with its looks, texts and policies."""
