"""What all of a seller's work adds up to: how much stands on each board, and the eight figures of the morning."""
