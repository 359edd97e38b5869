"""Where the books are kept: the database, its schema and its migrations."""
