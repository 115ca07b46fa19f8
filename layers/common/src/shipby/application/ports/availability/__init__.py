"""Stock that the marketplace offers, as the use cases need it."""
