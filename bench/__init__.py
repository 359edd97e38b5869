"""How fast the remittance reader and its load are, and against whom; no part of the installed package."""
