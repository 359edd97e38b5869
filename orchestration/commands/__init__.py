"""The commands of `trueup`, one small file each; orchestration.cli puts them together."""
