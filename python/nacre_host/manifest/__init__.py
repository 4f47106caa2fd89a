"""The manifest: read without running it, made right, and compared with what running it gives."""
