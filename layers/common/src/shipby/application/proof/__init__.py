"""The proof that nothing was lost, the audit of open orders, replay of histories."""
