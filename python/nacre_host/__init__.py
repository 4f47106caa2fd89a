"""The Python host: runs one plugin in one process, and speaks frames with the server."""
