"""What the bench keeps ready."""
