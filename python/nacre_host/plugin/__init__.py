"""A plugin as a package: loading it, and what its entry point is given."""
