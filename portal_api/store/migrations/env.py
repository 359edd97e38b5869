"""Runs the migrations of schema `portal` on the connection that ledger.store.schema hands over."""

from ledger.store.schema import run_migrations

run_migrations()
