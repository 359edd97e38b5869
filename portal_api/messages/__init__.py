"""Messages of a patient and a provider: sealed by the week, and unreadable for all when their time is over."""
