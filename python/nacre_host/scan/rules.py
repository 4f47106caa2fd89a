"""What the scan forbids and discourages (plugin contract 6)."""

from nacre_host.manifest.shown import cut

FORBIDDEN_MODULES = frozenset(
    {
        "commands",
        "ctypes",
        "fcntl",
        "multiprocessing",
        "popen2",
        "pty",
        "resource",
        "socket",
        "subprocess",
        "threading",
    }
)
DISCOURAGED_MODULES = frozenset({"marshal", "pickle", "shelve"})

FORBIDDEN_CALLS = frozenset(
    {"__import__", "compile", "delattr", "eval", "exec", "globals", "locals", "open", "setattr", "vars"}
)

FORBIDDEN_FUNCTIONS = {
    "os": frozenset({"fork", "kill", "killpg", "popen", "system"}),
    "importlib": frozenset({"__import__", "import_module"}),
    "pickle": frozenset({"load", "loads"}),
    "marshal": frozenset({"load", "loads"}),
}
FORBIDDEN_PREFIXES = {"os": ("exec", "spawn")}

DISCOURAGED_ATTRIBUTES = frozenset(
    {"__bases__", "__builtins__", "__class__", "__code__", "__globals__", "__mro__", "__subclasses__"}
)

INSTEAD = {
    "open": "use open_asset(url) of shared.plugins.sdk, or keep the data in a Python file",
    "threading": "use parallel_io of shared.plugins.sdk",
    "multiprocessing": "use parallel_io of shared.plugins.sdk",
}


def is_forbidden_function(module: str, name: str) -> bool:
    """True for `os.system` and its kind."""
    if name in FORBIDDEN_FUNCTIONS.get(module, ()):
        return True
    return name.startswith(FORBIDDEN_PREFIXES.get(module, ()) or ("\0",))


def forbidden(what: str, name: str) -> str:
    """`Forbidden import: socket`, with what to use instead where there is something."""
    instead = INSTEAD.get(name)
    return f"Forbidden {what}: {cut(name)}" + (f"; {instead}" if instead else "")
