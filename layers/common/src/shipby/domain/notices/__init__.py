"""Who hears of what, in which words, at which hour."""
