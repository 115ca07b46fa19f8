"""Goods: moved by people, reserved for postings, and never promised twice."""
