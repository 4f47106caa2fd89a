"""Loads a plugin's folder as a package of its own (plugin contract 1.4)."""

import importlib
import itertools
import os
import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from types import ModuleType

from nacre_host.failure import sentence_of
from nacre_host.plugin.refused_imports import refuse_imports
from nacre_host.plugin.source_finder import find_only_source

_numbers = itertools.count(1)


class Package:
    """The package; `warnings` holds what was tolerated."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(folder)
        self.name = f"nacre_plugin_{next(_numbers)}"
        self.warnings: list[str] = []
        find_only_source(self.folder)
        refuse_imports()
        # Appended, never first: a plugin's resource.py or models.py must not stand before a library's.
        sys.path.append(self.folder)
        os.chdir(self.folder)
        self._make_root()

    def has(self, module: str) -> bool:
        return os.path.isfile(os.path.join(self.folder, f"{module}.py"))

    def load(self, module: str) -> ModuleType:
        """Imports `<package>.<module>`. Raises whatever the module raises."""
        return importlib.import_module(f"{self.name}.{module}")

    def _make_root(self) -> None:
        spec = ModuleSpec(self.name, None, is_package=True)
        spec.submodule_search_locations = [self.folder]
        root = module_from_spec(spec)
        sys.modules[self.name] = root
        if self.has("__init__"):
            self._run_init(root)

    def _run_init(self, root: ModuleType) -> None:
        # The oldest plugins import realtime here, which may need what a batch worker lacks.
        path = os.path.join(self.folder, "__init__.py")
        root.__file__ = path
        try:
            with open(path, "rb") as source:
                exec(compile(source.read(), path, "exec", dont_inherit=True), root.__dict__)
        except (Exception, SystemExit) as error:
            self.warnings.append(f"__init__.py failed and was passed over: {sentence_of(error, self.folder)}")
