"""Cases and watches: matters that wait for a person or an hour."""
