"""Chats with buyers: answers read and applied once, what needs a person, the inbox. Texts live in memory only."""
