"""The scan of one file's source."""

import ast
import warnings

from nacre_host.scan.performance import slow_loops
from nacre_host.scan.rules import (
    DISCOURAGED_ATTRIBUTES,
    DISCOURAGED_MODULES,
    FORBIDDEN_CALLS,
    FORBIDDEN_MODULES,
    forbidden,
    is_forbidden_function,
)
from nacre_host.scan.violation import Violation

Finding = tuple[ast.AST, str, str]


def parse_source(source: str | bytes, file: str) -> ast.Module:
    """The syntax tree. Raises SyntaxError for whatever Python cannot parse, too deep a nesting among it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source, file)
    except (RecursionError, MemoryError) as error:
        raise SyntaxError("nested too deeply, or too large, to be parsed", (file, 1, 1, None)) from error
    except ValueError as error:
        raise SyntaxError(str(error), (file, 1, 1, None)) from error


def scan_source(source: str | bytes, file: str) -> list[Violation]:
    """Every finding in one file, in the order of its lines (plugin contract 6)."""
    try:
        tree = parse_source(source, file)
    except SyntaxError as error:
        column = max((error.offset or 1) - 1, 0)
        return [Violation(file, error.lineno or 1, column, f"Syntax error: {error.msg}", "error")]
    modules = imported_modules(tree)
    found = [finding for node in ast.walk(tree) for finding in _findings(node, modules)]
    found += [(node, message, "warning") for node, message in slow_loops(tree)]
    return sorted(
        {Violation(file, node.lineno, node.col_offset, message, severity) for node, message, severity in found}
    )


def imported_modules(tree: ast.Module) -> dict[str, str]:
    """Local name → module, for `import os as o` and the like."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
    return names


def _findings(node: ast.AST, modules: dict[str, str]) -> list[Finding]:
    if isinstance(node, ast.Import):
        return [finding for alias in node.names for finding in _module_findings(node, alias.name)]
    if isinstance(node, ast.ImportFrom):
        return _from_findings(node)
    if isinstance(node, ast.Call):
        return _call_findings(node, modules)
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None
    if name in DISCOURAGED_ATTRIBUTES:
        return [(node, f"Discouraged attribute: {name}", "warning")]
    return []


def _module_findings(node: ast.AST, module: str) -> list[Finding]:
    top = module.split(".")[0]
    if top in FORBIDDEN_MODULES:
        return [(node, forbidden("import", top), "error")]
    if top in DISCOURAGED_MODULES:
        return [(node, f"Discouraged import: {top}", "warning")]
    return []


def _from_findings(node: ast.ImportFrom) -> list[Finding]:
    # `from .subprocess import x` is the plugin's own module.
    if node.level > 0 or node.module is None:
        return []
    names = [alias.name for alias in node.names if is_forbidden_function(node.module, alias.name)]
    return [
        *_module_findings(node, node.module),
        *((node, forbidden("import", f"{node.module}.{name}"), "error") for name in names),
    ]


def _call_findings(node: ast.Call, modules: dict[str, str]) -> list[Finding]:
    called = node.func
    if isinstance(called, ast.Name) and called.id in FORBIDDEN_CALLS:
        return [(node, forbidden("call", called.id), "error")]
    # Only calls on a module: `model.eval()`, `re.compile()` and `Image.open()` are everyday code.
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        module = modules.get(called.value.id, "")
        if is_forbidden_function(module, called.attr):
            return [(node, forbidden("call", f"{module}.{called.attr}"), "error")]
    return []
