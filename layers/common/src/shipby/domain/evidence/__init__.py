"""Evidence in a chain that cannot be rewritten, and claims."""
