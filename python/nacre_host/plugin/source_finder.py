"""Imports below a plugin's folder: from source alone.

Compiled files and extension modules in an archive are not what the scan has read, so they are not what runs.
"""

import os
import sys
from importlib.machinery import FileFinder, SourceFileLoader


class SourceOnlyLoader(SourceFileLoader):
    """Compiles each file anew; a .pyc beside it is never read or written."""

    def get_code(self, fullname: str):
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def find_only_source(folder: str) -> None:
    """Makes every import below the folder go by SourceOnlyLoader."""
    root = os.path.abspath(folder)

    def hook(path: str) -> FileFinder:
        if os.path.abspath(path) != root and not os.path.abspath(path).startswith(root + os.sep):
            raise ImportError
        return FileFinder(path, (SourceOnlyLoader, [".py"]))

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()
