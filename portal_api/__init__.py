"""The web door: what patients, practices and Stripe reach; imports the ledger only."""
