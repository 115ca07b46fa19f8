"""The way out to integrators, past nothing that is ours; and their secrets."""
