"""Whose time it is and who gets it: hours, open slots, holds, bookings, the waiting list and reminders."""
