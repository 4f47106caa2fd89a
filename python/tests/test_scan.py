"""The scan: each rule, and what it lets pass on purpose (plugin contract 6)."""

import unittest

from tests.support import PluginTest

from nacre_host.scan.rules import FORBIDDEN_CALLS, FORBIDDEN_MODULES
from nacre_host.scan.source import scan_source

ALLOWED = (
    "import os\nos.environ['A'] = os.environ.get('B', '')\nos.path.join('a', 'b')\nos.unlink('a')",
    "getattr(x, 'y')\nhasattr(x, 'y')\ndir(x)",
    "import re\nre.compile('a')",
    "model.eval()\nImage.open(p)\ntorch.load(p)\npd.read_csv(p)",
    "from .subprocess import run\nfrom . import socket",
    "import asyncio, tempfile, pathlib, shutil, urllib.request\nimport concurrent.futures",
    "import numpy, pandas, torch, transformers, requests, httpx",
    "system = 1\nkill = system",
    "other.system('a')\nloader.load('a')",
)
FORBIDDEN_FUNCTIONS = (
    ("import os\nos.system('a')", "Forbidden call: os.system"),
    ("import os as o\no.popen('a')", "Forbidden call: os.popen"),
    ("import os\nos.execvp('a', [])", "Forbidden call: os.execvp"),
    ("import os\nos.spawnl(0, 'a')", "Forbidden call: os.spawnl"),
    ("import os\nos.kill(1, 9)", "Forbidden call: os.kill"),
    ("from os import system as s", "Forbidden import: os.system"),
    ("import importlib\nimportlib.import_module('a')", "Forbidden call: importlib.import_module"),
    ("from importlib import import_module", "Forbidden import: importlib.import_module"),
    ("import marshal\nmarshal.loads(b'')", "Forbidden call: marshal.loads"),
    ("from pickle import load", "Forbidden import: pickle.load"),
)


def errors(source: str) -> list[str]:
    return [found.message for found in scan_source(source, "a.py") if found.severity == "error"]


def warnings(source: str) -> list[str]:
    return [found.message for found in scan_source(source, "a.py") if found.severity == "warning"]


class ScanTest(unittest.TestCase):
    """One source at a time."""

    def test_forbidden_modules_in_every_form_of_import(self):
        for module in sorted(FORBIDDEN_MODULES):
            for form in (f"import {module}", f"import os, {module} as m", f"from {module} import x", f"import {module}.sub"):
                with self.subTest(form):
                    self.assertEqual([text.split(";")[0] for text in errors(form)], [f"Forbidden import: {module}"])

    def test_forbidden_builtins_by_their_bare_names_only(self):
        for name in sorted(FORBIDDEN_CALLS):
            with self.subTest(name):
                self.assertEqual([text.split(";")[0] for text in errors(f"{name}('a')")], [f"Forbidden call: {name}"])
                self.assertEqual(errors(f"thing.{name}('a')\nx = {name}"), [])

    def test_forbidden_functions_of_modules(self):
        for source, message in FORBIDDEN_FUNCTIONS:
            with self.subTest(source):
                self.assertEqual(errors(source), [message])

    def test_everyday_code_passes_without_a_word(self):
        for source in ALLOWED:
            with self.subTest(source):
                self.assertEqual(scan_source(source, "a.py"), [])

    def test_what_is_only_discouraged_is_a_warning(self):
        self.assertEqual(warnings("import pickle"), ["Discouraged import: pickle"])
        self.assertEqual(warnings("x.__class__.__mro__"), ["Discouraged attribute: __class__", "Discouraged attribute: __mro__"])
        self.assertEqual(errors("import shelve\nx.__globals__\n__builtins__"), [])

    def test_what_cannot_be_parsed_is_an_error_with_its_place(self):
        (found,) = scan_source("a = 1\ndef (", "b.py")
        self.assertEqual((found.line, found.severity, found.message[:13]), (2, "error", "Syntax error:"))
        self.assertEqual(len(errors("x\0y")), 1)
        self.assertEqual(len(errors("(" * 5000)), 1)

    def test_slow_loops_are_warned_of(self):
        loop = "for i, r in df.iterrows():\n    {}\n"
        self.assertTrue(warnings(loop.format("x = r"))[0].startswith("SEQ001"))
        self.assertTrue(warnings(loop.format("model.encode(r)"))[0].startswith("SEQ002"))
        self.assertTrue(warnings("for t in texts:\n    tokenizer(t)\n")[0].startswith("SEQ003"))
        self.assertEqual(warnings("for t in texts:\n    x.append(t)\n"), [])
        self.assertEqual(warnings("parallel_io(x, f)\n" + loop.format("x = r")), [])


class ScanOfFoldersTest(PluginTest):
    """Everything at once."""

    def test_every_file_is_scanned_and_all_findings_told_in_order(self):
        folder = self.plugin({"tests/test_a.py": "import socket\n", "core.py": "a = 1\nb = eval('a'); import pty\n", "x.txt": "import pty"})

        found = self.inspect(folder)["violations"]

        places = [(one["file"], one["line"], one["column"], one["message"]) for one in found]
        self.assertEqual(
            places,
            [
                ("core.py", 2, 4, "Forbidden call: eval"),
                ("core.py", 2, 15, "Forbidden import: pty"),
                ("tests/test_a.py", 1, 0, "Forbidden import: socket"),
            ],
        )

    def test_the_scanner_that_users_tests_import(self):
        from api.namespaces.plugins.security.scanner import PluginSecurityScanner

        folder = self.plugin({"core.py": "import pickle\n"})

        self.assertTrue(PluginSecurityScanner(strict_mode=False).scan_directory(folder).passed)
        strict = PluginSecurityScanner(strict_mode=True).scan_directory(folder)
        self.assertEqual((strict.passed, strict.violations[0].filename), (False, "core.py"))


if __name__ == "__main__":
    unittest.main()
