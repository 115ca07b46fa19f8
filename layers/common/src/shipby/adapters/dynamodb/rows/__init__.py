"""What each record looks like as an item: its codec, its key and its columns in the indexes; a module a subject."""
