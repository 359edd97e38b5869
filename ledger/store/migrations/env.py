"""Runs the migrations of schema `ledger` on the connection that ledger.store.schema hands over."""

from ledger.store.schema import run_migrations

run_migrations()
