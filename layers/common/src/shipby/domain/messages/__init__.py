"""What buyers write: whether it is a yes or a no, what it is about, and what must not be written back."""
