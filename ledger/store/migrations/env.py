"""Runs the migrations of schema `ledger` on the connection that ledger.store.schema hands over."""

from alembic import context
from sqlalchemy import text

connection = context.config.attributes["connection"]
# The version table lives in this schema, so the schema comes before the first migration.
connection.execute(text("create schema if not exists ledger"))
context.configure(connection=connection, version_table_schema="ledger")
context.run_migrations()
