"""People of a shop, their keys and their sessions."""
