"""The books: what a visit is, what it bills, and the rows of record."""
