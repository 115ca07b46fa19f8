"""Parts of the seller's policy."""
