"""Returns of both lists: read, decided, exchanged, counted by reason."""
