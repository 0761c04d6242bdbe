"""Real servers that tests start on this machine: what they are made of, how they start, what is asked of them."""
