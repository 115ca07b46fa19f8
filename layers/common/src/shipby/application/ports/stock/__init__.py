"""What is remembered of goods."""
