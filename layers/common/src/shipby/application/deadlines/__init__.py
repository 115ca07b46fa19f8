"""The clocks of postings: what rings, what is due soon, what lateness costs."""
