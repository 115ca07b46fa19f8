"""What a page shows, as plain data: use cases in, dictionaries out. No HTML, no HTTP."""
