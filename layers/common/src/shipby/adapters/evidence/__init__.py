"""Evidence packs: their document, pictures of files, and the archive. Heavy libraries are loaded on first use."""
