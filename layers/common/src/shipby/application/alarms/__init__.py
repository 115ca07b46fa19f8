"""The alarm engine: sweep, ringing, routing of events, repair, decisions taken again."""
