"""Labels as the marketplace draws them."""
