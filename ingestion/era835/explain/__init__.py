"""A remittance as a person would want to read it: the tables of a file to a structure, the structure to lines."""
