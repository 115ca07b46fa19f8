"""Whether an order can be sent as it is, and what was changed in it."""
