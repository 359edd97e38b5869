"""The schema `portal`: what names a patient lives here and nowhere else."""
