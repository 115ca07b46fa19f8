"""What shops say is for sale, counts from files, what to buy."""
