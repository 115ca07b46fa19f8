"""Returns of both lists, their decisions and reasons."""
