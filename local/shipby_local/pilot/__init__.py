"""The pilot: what no simulator can tell, asked of a live shop by reading calls alone.

`allowed` says which calls there are and `door` lets no other through; `asking` makes them, slowly; `comparing` holds
every answer against the official description (`description`), `probes` hold them against each of our assumptions;
`masking` says what of an answer may be shown, `report` shows it. Answers stay in memory and end with the command.
"""
