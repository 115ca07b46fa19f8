"""Which clocks a posting has, what happens when one rings, what lateness costs."""
