"""Who is told of an event: sellers by their channels, buyers where the marketplace allows it."""
