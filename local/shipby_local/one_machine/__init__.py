"""The shop on one computer: every function in one process over one folder, without AWS and no emulator of it."""
