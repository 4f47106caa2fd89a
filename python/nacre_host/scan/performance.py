"""Loops that make a plugin slow, as advice (plugin contract 6: SEQ001 to SEQ003)."""

import ast
from collections.abc import Iterator

ROW_LOOPS = frozenset({"iterrows", "itertuples"})
PARALLEL = frozenset({"concurrent_api_calls", "parallel_io"})
MODEL_CALLS = frozenset(
    {"embed", "embed_batch", "encode", "forward", "generate", "infer", "predict", "run_inference", "transcribe"}
)
CLIENTS = frozenset({"aiohttp", "client", "httpx", "requests", "session"})
TOKENIZERS = ("tokenize", "tokenizer")
# Loops in loops are looked through again and again; this is advice, and not worth more.
NODES_MAX = 1_000_000

SEQ001 = "SEQ001: a loop over rows; parallel_io or concurrent_api_calls of shared.plugins.sdk run in parallel"
SEQ002 = "SEQ002: a model or API call for each row; call once for the batch, or use concurrent_api_calls"
SEQ003 = "SEQ003: tokenises each item in a loop; a tokenizer takes the whole list at once"


def slow_loops(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Each loop worth a word, with the word."""
    is_parallel = any(_last_name(node) in PARALLEL for node in ast.walk(tree) if isinstance(node, ast.Call))
    looked_at = 0
    for loop in ast.walk(tree):
        if not isinstance(loop, (ast.For, ast.AsyncFor)):
            continue
        nodes = [node for part in loop.body for node in ast.walk(part)]
        looked_at += len(nodes)
        if looked_at > NODES_MAX:
            return
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        if isinstance(loop.iter, ast.Call) and _last_name(loop.iter) in ROW_LOOPS:
            slow = next((call for call in calls if _is_remote(call)), None)
            if slow:
                yield slow, SEQ002
            elif not is_parallel:
                yield loop, SEQ001
        for call in calls:
            if _last_name(call).lower().endswith(TOKENIZERS):
                yield call, SEQ003


def _is_remote(call: ast.Call) -> bool:
    if _last_name(call) in MODEL_CALLS:
        return True
    called = call.func
    return isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id in CLIENTS


def _last_name(call: ast.Call) -> str:
    called = call.func
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""
