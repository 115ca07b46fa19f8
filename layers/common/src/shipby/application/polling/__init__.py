"""The poll: one round over all sellers, holding the marketplace's lists against the store."""
