"""What the use cases need from outside, as small protocols by subject; adapters implement them."""
