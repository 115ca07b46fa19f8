"""The marketplace's counters: carriages, chats, goods, the rating, returns, and what they charge."""
