"""The door for scheduling systems outside: what they report of visits feeds the same states as our own pages."""
