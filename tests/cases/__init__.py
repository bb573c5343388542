"""One folder a cause: what the diagnosis has to say of a fault that belongs to it."""
