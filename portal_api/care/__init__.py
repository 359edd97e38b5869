"""The care of a visit: the day of the staff, where the patient is, and the close-out that bills."""
