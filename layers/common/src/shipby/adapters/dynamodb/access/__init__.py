"""Who may call the sellers' API, and how often: shares of the store that their functions load without the rest."""
