"""Reads a manifest's values without running it (plugin contract 2.6)."""

import ast
from dataclasses import dataclass, field

from nacre_host.manifest.fold import Known, Names, Unreadable
from nacre_host.manifest.keys import TOP_KEYS


@dataclass
class Reading:
    """What a manifest binds: top-level values, those of `metadata`, and known keys whose values need running."""

    top: dict[str, object] = field(default_factory=dict)
    metadata: dict[str, object] = field(default_factory=dict)
    unresolved: set[str] = field(default_factory=set)
    # Every name the author assigns at top level: where misspelt keys are looked for.
    assigned: list[str] = field(default_factory=list)


def read_static(tree: ast.Module) -> Reading:
    """The readable top-level values, in the order of the statements; later ones win."""
    reading = Reading()
    names = Names()
    for statement in tree.body:
        _read_statement(statement, names, reading)
    reading.top = {key: names[key].value for key in TOP_KEYS if key in names}
    metadata = names.get("metadata", Known(None)).value
    if isinstance(metadata, dict):
        reading.metadata = {key: value for key, value in metadata.items() if isinstance(key, str)}
    return reading


def _read_statement(statement: ast.stmt, names: Names, reading: Reading) -> None:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.AnnAssign(
            target=ast.Name(id=name), value=ast.expr() as value
        ):
            reading.assigned.append(name)
            if name == "metadata" and isinstance(value, ast.Dict):
                names[name] = _read_metadata(value, names, reading)
            else:
                _bind(name, value, names, reading)
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=key)], value=value):
            _bind_item(name, key, value, names, reading)
        case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.AnnAssign(value=None):
            pass
        case _:
            for name in _touched(statement):
                _forget(name, names, reading)


def _bind(name: str, value: ast.expr, names: Names, reading: Reading) -> None:
    try:
        names[name] = names.fold(value)
        reading.unresolved.discard(name)
    except Unreadable:
        _forget(name, names, reading)


def _read_metadata(node: ast.Dict, names: Names, reading: Reading) -> Known:
    # Entry by entry: one unreadable value must not hide the others.
    result: dict = {}
    weight = depth = 0
    for key, value in zip(node.keys, node.values):
        try:
            part = names.fold(ast.Dict(keys=[key], values=[value]))
        except Unreadable:
            name = key.value if isinstance(key, ast.Constant) else "metadata"
            _mark(name, reading)
            result.pop(name, None)
        else:
            result.update(part.value)
            weight, depth = weight + part.weight, max(depth, part.depth)
    return Known(result, weight, depth)


def _bind_item(name: str, key: ast.expr, value: ast.expr, names: Names, reading: Reading) -> None:
    held = names.get(name)
    if held is None or not isinstance(held.value, dict):
        return _forget(name, names, reading)
    try:
        names[name] = names.with_item(held, names.fold(key), names.fold(value))
    except Unreadable:
        if name == "metadata" and isinstance(key, ast.Constant):
            _mark(key.value, reading)
            _drop_item(name, key.value, names, reading)
        else:
            _forget(name, names, reading)


def _drop_item(name: str, key: object, names: Names, reading: Reading) -> None:
    try:
        names[name] = names.without_item(names[name], key)
    except Unreadable:
        _forget(name, names, reading)


def _forget(name: str, names: Names, reading: Reading) -> None:
    names.pop(name, None)
    _mark(name, reading)


def _mark(name: object, reading: Reading) -> None:
    if name in TOP_KEYS or name in ("metadata", "name"):
        reading.unresolved.add(str(name))


def _touched(statement: ast.stmt) -> set[str]:
    """Names that a statement binds, or whose value it may change: `features.append(…)`, loops, imports, classes."""
    touched: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            touched.add(node.id)
        elif isinstance(node, ast.alias):
            touched.add(node.asname or node.name.split(".")[0])
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            touched.add(node.name)
    if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        # A body that only reads a value leaves it as it is.
        return {statement.name}
    return touched
