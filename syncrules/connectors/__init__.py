"""What speaks with a MAP. ``base`` is the protocol, every other file one kind of MAP."""
