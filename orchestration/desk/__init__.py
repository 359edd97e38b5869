"""What stands behind the dashboards: the portal's sign-in, other times, files, and each room's deeds."""
