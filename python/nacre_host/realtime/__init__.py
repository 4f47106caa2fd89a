"""Query-time inference: finding the service, calling it, choosing the vector."""
