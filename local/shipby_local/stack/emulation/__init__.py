"""The emulated AWS services: the process, what it keeps on disk, and the names it does not publish."""
