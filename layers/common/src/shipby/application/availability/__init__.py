"""What the marketplace says is for sale: told from what is free, compared, counted from files, bought in time."""
