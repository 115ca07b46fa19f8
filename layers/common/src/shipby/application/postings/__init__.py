"""Work on a posting and what people read of it; its outcome when it leaves."""
