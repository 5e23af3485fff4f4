"""Label Studio for a team: on PostgreSQL, with several workers."""
