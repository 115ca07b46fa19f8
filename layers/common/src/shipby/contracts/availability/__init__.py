"""What shops say is for sale."""
