"""Tests of the Python host: `python3 -B -m unittest discover -s python/tests -t python`."""
