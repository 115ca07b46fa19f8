"""The error index: its figures, and the guard before automatic actions that it holds back."""
