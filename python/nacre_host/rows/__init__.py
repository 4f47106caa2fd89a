"""Rows through the steps of a plugin: frames, lineage, failures row by row, documents."""
