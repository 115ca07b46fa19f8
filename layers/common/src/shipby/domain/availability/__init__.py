"""What the marketplace says is for sale: what it was told, what differs, counts from files, what to buy."""
