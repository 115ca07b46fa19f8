"""What webhooks need from outside."""
