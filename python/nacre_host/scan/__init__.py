"""The source scan: advice about a plugin's code, before any of it runs."""
