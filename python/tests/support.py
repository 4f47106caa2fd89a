"""What the tests share: fixtures, copies of them with a mistake in it, and a host in this process."""

import base64
import importlib.util
import os
import shutil
import struct
import sys
import tempfile
import unittest
from pathlib import Path

TESTS = Path(__file__).resolve().parent
HOST = TESTS.parent / "nacre_host"
FIXTURES = TESTS / "fixtures"


def import_host() -> None:
    """Makes the host's modules importable, as main.py does."""
    if "nacre_host" in sys.modules:
        return
    sys.path.insert(0, str(HOST / "sdk"))
    spec = importlib.util.spec_from_file_location("main", HOST / "main.py")
    main = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(main)
    main.import_host()


import_host()

from nacre_host.host import Host  # noqa: E402
from nacre_host.serve import answer  # noqa: E402


def row(key: str, data, **values) -> dict:
    """A text row as the server sends it."""
    return {
        "key": key,
        "data": data,
        "document_id": f"doc_{key}",
        "object_id": f"obj_{key}",
        "blob_id": f"blob_{key}",
        "blob_property": "body",
        "blob_type": "text",
        "collection_id": "col_1",
        "feature_extractor_id": "x_1_0_0",
        "mime_type": "text/plain",
        "size_bytes": 0,
        "aliases": {},
        **values,
    }


def numbers(vector: str) -> list[float]:
    """The numbers of a vector on the wire."""
    data = base64.b64decode(vector)
    return list(struct.unpack(f"<{len(data) // 4}f", data))


class PluginTest(unittest.TestCase):
    """Plugins in folders of their own, the current folder put back afterwards."""

    def setUp(self) -> None:
        folder = os.getcwd()
        self.addCleanup(os.chdir, folder)
        self.addCleanup(sys.path.__setitem__, slice(None), list(sys.path))
        self._folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self._folder)

    def copy(self, fixture: str, changes: dict[str, dict[str, str]] | None = None, without=()) -> str:
        """A copy of a fixture. `changes`: file → {old text: new text}; each old text must be there."""
        target = self._folder / f"{fixture}_{len(os.listdir(self._folder))}"
        shutil.copytree(FIXTURES / fixture, target)
        for file in without:
            (target / file).unlink()
        for file, replacements in (changes or {}).items():
            text = (target / file).read_text()
            for old, new in replacements.items():
                self.assertIn(old, text)
                text = text.replace(old, new)
            (target / file).write_text(text)
        return str(target)

    def plugin(self, files: dict[str, str]) -> str:
        """A plugin of these files; a manifest and a pipeline without steps where they are not given."""
        target = self._folder / f"made_{len(os.listdir(self._folder))}"
        target.mkdir()
        manifest = 'feature_extractor_name = "made_here"\nversion = "1.0.0"\n'
        for file, text in {"manifest.py": manifest, "pipeline.py": "", **files}.items():
            path = target / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return str(target)

    def inspect(self, folder: str, **more) -> dict:
        return self.ask(Host(), "inspect", folder=folder, **more)

    def load(self, folder: str, **more) -> Host:
        """A host with the plugin loaded without an error."""
        host = Host()
        loaded = self.ask(host, "load", folder=folder, **more)
        self.assertEqual(loaded["errors"], [])
        return host

    def ask(self, host: Host, operation: str, **fields) -> dict:
        """The answer's fields; fails where it is an error."""
        got = answer(host, {"id": 1, "op": operation, **fields})
        self.assertTrue(got["ok"], got.get("error"))
        return got

    def fault(self, host: Host, operation: str, **fields) -> dict:
        """The answer's error; fails where there is none."""
        got = answer(host, {"id": 1, "op": operation, **fields})
        self.assertFalse(got["ok"], got)
        return got["error"]

    def run_texts(self, host: Host, *texts, **fields) -> list[dict]:
        rows = [row(str(index), text) for index, text in enumerate(texts)]
        return self.ask(host, "run", rows=rows, **fields)["results"]
