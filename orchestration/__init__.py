"""The clock: when what runs, as Dagster assets, and the `trueup` command."""
