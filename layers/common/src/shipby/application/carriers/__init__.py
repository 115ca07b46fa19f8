"""Carriers: the directory that numbers are judged by."""
