"""Modules of the hosted original that no plugin can have here, with a sentence instead of "no module named"."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder

BUILTIN_ONLY = "only for the vendor's built-in extractors; use build_steps"
NOT_IN_PLUGINS = (
    "is not a package a custom plugin can have: import from your own files with `from .manifest import …`, "
    "and only what the guide to plugins lists from the host"
)
REFUSED = {
    "engine.plugins.extractors.builder": BUILTIN_ONLY,
    "shared.utilities.content.enums": BUILTIN_ONLY,
    "shared.collection.features.vectors.models": BUILTIN_ONLY,
    "shared.billing.models": BUILTIN_ONLY,
}
HOST_PACKAGES = ("engine", "shared", "api", "mixpeek_dev")


class RefusedImports(MetaPathFinder):
    """Asked last, after every finder that could have found the module."""

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target=None):
        if sentence := refusal(fullname):
            raise ImportError(f"{fullname}: {sentence}" if sentence == BUILTIN_ONLY else sentence, name=fullname)
        return None


def refusal(fullname: str) -> str | None:
    """The sentence for a module name; None for names that are none of the host's."""
    for name, sentence in REFUSED.items():
        if fullname == name or name.startswith(f"{fullname}."):
            return sentence
    if fullname.split(".")[0] in HOST_PACKAGES:
        return f"{fullname} {NOT_IN_PLUGINS}"
    return None


def refuse_imports() -> None:
    """Puts the finder at the end of the line, once."""
    if not any(isinstance(finder, RefusedImports) for finder in sys.meta_path):
        sys.meta_path.append(RefusedImports())
