"""Who somebody is: people, links and codes, passwords, sessions, and how often one may try."""
