"""The shop on one computer: start, memory, pushes a second."""
