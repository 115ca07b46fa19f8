"""Messages of buyers: the policy, the inbox, replies."""
