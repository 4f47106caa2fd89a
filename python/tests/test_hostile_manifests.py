"""Manifests that would cost time or memory, or put into an answer what no database takes (issue 4, item 4).

Each is read in a process of its own, as the server does it: half a gigabyte of memory, seconds of CPU time.
"""

import json
import re
import resource
import subprocess
import sys
import unittest

from tests.support import HOST, PluginTest

NAMED = 'feature_extractor_name = "made_here"\nversion = "1.0.0"\n'
MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 10
ANSWER_BYTES_MAX = 512 * 1024
VECTOR = '{"feature_type": "embedding", "feature_name": "%s", "embedding_dim": %s}'


def doubling(first: str, step: str, times: int) -> str:
    return f"a = {first}\n" + f"a = {step}\n" * times


# → the keys that `inspect` leaves open: their values cost too much to be computed here, and running them has walls of its own.
UNRESOLVED = {
    "lists of lists of the same list": (doubling('["x"]', "[a, a, a, a]", 30) + "example_input = a\n", "example_input"),
    "a dict that holds itself twice, again and again": (doubling("{}", '{"a": a, "b": a}', 40) + "output_schema = a\n", "output_schema"),
    "a tuple of tuples as the key of a dict": (doubling('("x",)', "(a, a, a, a)", 30) + "example_input = {a: 1}\n", "example_input"),
    "a text that grows by f-strings": (doubling('"x"', 'f"{a}{a}"', 60) + "icon = a\n", "icon"),
    "a text that grows by sums": (doubling('"x"', "a + a", 60) + "icon = a\n", "icon"),
    "bytes that grow by products": (doubling('b"x"', "a * 1000", 20) + "icon = a\n", "icon"),
    "a list that grows by sums": (doubling("[0]", "a + a", 60) + "features = a\n", "features"),
    "a number that grows by products": (doubling("9223372036854775807", "a * a", 60) + "tier = a\n", "tier"),
    "a number of a hundred thousand digits": (f"tier = 0x{'f' * 100_000}\n", "tier"),
    "a list in a list in a list": (doubling("[]", "[a]", 20_000) + "example_input = a\n", "example_input"),
    "a dict put into itself": ("metadata = {}\n" + 'metadata["example_input"] = metadata\n' * 5_000, "example_input metadata"),
    "the text of a list of lists": (doubling('["x"]', "[a, a, a, a]", 30) + 'icon = f"{a}"\n', "icon"),
    "one key a hundred million times": ("icon = 'x' * 100_000_000\n", "icon"),
}

# → the errors; each is one sentence, and there is no more than that.
ERRORS = {
    "1,500 features": (
        f"features = [{(VECTOR % ('v', 8) + ',') * 1_500}]\n",
        ["features has 1500 entries; at most 100"],
    ),
    "2,000 faults in features": (
        "features = [" + '{"feature_type": 1},' * 2_000 + "]\n",
        ["features has 2000 entries; at most 100"],
    ),
    "a feature whose name has 10,000 letters": (
        f"features = [{VECTOR % ('v' * 10_000, 8)}]\n",
        [f"features[0]: feature_name '{'v' * 57}...{'v' * 58}' has 10000 characters; at most 255"],
    ),
    "a feature whose name holds a NUL": (
        f"features = [{VECTOR % (chr(92) + 'x00v', 8)}]\n",
        ["features[0]: feature_name '\\x00v' has a character that cannot be shown"],
    ),
    "a feature whose name is half a letter": (
        f"features = [{VECTOR % (chr(92) + 'ud800', 8)}]\n",
        ["features[0]: feature_name '\\ud800' has a character that cannot be shown"],
    ),
    "dimensions without end": (
        f"features = [{VECTOR % ('v', '1e999')}]\n",
        ["features[0]: embedding_dim is inf; it must be a whole number from 1 to 65536"],
    ),
    "memory that is no number": (
        'compute_profile = {"actor_memory_gb": 1e999 - 1e999}\n',
        ["compute_profile.actor_memory_gb is nan; it must be a number above 0 and at most 65536"],
    ),
    "20,000 dependencies": (
        "dependencies = [" + '"x",' * 20_000 + "]\n",
        ["dependencies has 20000 entries; at most 200"],
    ),
    "a dependency of 200,000 blanks": (
        f'dependencies = ["a{" " * 200_000}@"]\n',
        ["dependencies holds a text of more than 500 characters"],
    ),
    "a name of 200,000 dashes": (
        f'feature_extractor_name = "{"-" * 200_000}"\n',
        [f"feature_extractor_name '{'-' * 119}…' is no name: it begins with a letter and has 3 to 64 letters, digits and _"],
    ),
    "a version of 200,000 digits in a text": (
        f'version = "{"1" * 200_000}"\n',
        [f"version '{'1' * 57}...{'1' * 58}' is no version; write X.Y.Z"],
    ),
    "a manifest larger than any": (
        "x = 1\n" * 50_000,
        ["manifest.py has 300055 bytes; at most 262144: keep code and data in other files"],
    ),
    "brackets in brackets": (
        f"x = {'-' * 50_000}1\n",
        ["manifest.py:1:0: Syntax error: nested too deeply, or too large, to be parsed"],
    ),
    "a number that Python refuses to read": (
        f"tier = {'1' * 5_000}\n",
        ["manifest.py:3:0: Syntax error: Exceeds the limit"],
    ),
    "an encoding that is none": ("", ["manifest.py:1:0: Syntax error: unknown encoding: nothing-known"]),
}

# Taken as they are, or with warnings.
TAKEN = {
    "schemas that are no schemas": 'output_schema = {"a": {"anyOf": 5}, "b": {"oneOf": "x"}, "c": {"type": {}}, "d": {"$ref": []}}\n',
    "keys that are no texts": "input_mappings = {1: 2, None: 3, (): 4}\nexample_input = {(1, 2): {3: 4}}\n",
    "50,000 names of the author's": "".join(f"v{n} = 1\n" for n in range(20_000)),
    "12,000 names like known ones": "".join(f"feature{n}=1\n" for n in range(12_000)),
    "a schema of 5,000 properties": "output_schema = {" + ",".join(f'"p{n}": "string"' for n in range(5_000)) + "}\n",
    "values that JSON lacks": "example_input = [1j, ..., b'x', 1e999, {1, 2}]\n",
    "texts that no database takes": "icon = 'a\\x00b'\nexample_input = {'\\x00': '\\ud800'}\n",
    "an attribute of an attribute": f"x = a{'.b' * 900}\n",
}


def texts_in(value):
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, str):
        yield value


def limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


class HostileManifests(PluginTest):
    """Bounded in time, in memory and in the length of what is answered."""

    def read(self, manifest: str, files: dict[str, str] | None = None) -> dict:
        folder = self.plugin({"manifest.py": manifest, **(files or {})})
        body = json.dumps({"id": 1, "op": "inspect", "folder": folder}).encode()
        done = subprocess.run(
            [sys.executable, "-I", "-B", str(HOST / "main.py")],
            input=len(body).to_bytes(4, "big") + body,
            capture_output=True,
            env={},
            preexec_fn=limits,
        )
        self.assertEqual(done.returncode, 0, done.stderr[-500:])
        answer = done.stdout[4:]
        self.assertLess(len(answer), ANSWER_BYTES_MAX)
        read = json.loads(answer)
        self.assertTrue(read["ok"], read.get("error"))
        # What a database does not take: lone surrogates have no UTF-8, and NUL is NUL.
        self.assertNotIn(b"\0", b"".join(text.encode() for text in texts_in(read)))
        return read

    def test_what_would_cost_too_much_is_left_to_the_run(self):
        for what, (text, keys) in UNRESOLVED.items():
            with self.subTest(what):
                self.assertEqual(self.read(NAMED + text)["unresolved"], keys.split())

    def test_what_is_too_much_is_an_error_of_one_sentence(self):
        for what, (text, errors) in ERRORS.items():
            with self.subTest(what):
                told = self.read(NAMED + text if text else "# coding: nothing-known\n")["errors"]
                self.assertEqual([re.sub(r" \(4300.*", "", one) for one in told], errors)

    def test_what_is_odd_is_no_error_of_the_host(self):
        for what, text in TAKEN.items():
            with self.subTest(what):
                read = self.read(NAMED + text)
                self.assertEqual(read["errors"], [])
                self.assertLessEqual(len(read["warnings"]), 101)

    def test_a_hundred_faults_are_told_and_then_that_there_are_more(self):
        text = "metadata = {" + ",".join(f'"odd{n}": 1' for n in range(5_000)) + "}\n"

        warnings = self.read(NAMED + text)["warnings"]

        self.assertEqual((len(warnings), warnings[-1]), (101, "there are more warnings; mend these first"))

    def test_code_that_would_cost_too_much_to_scan_is_an_error_of_its_file(self):
        files = {
            "a_million.py": "x = [" + "[]," * 400_000 + "]\n",
            "deep.py": f"x = {'-' * 50_000}1\n",
            "large.py": "#" * 6_000_000,
            "loops.py": "".join(" " * n + "for a in b:\n" for n in range(99)) + (" " * 99 + "f()\n") * 5_000,
            "table.py": f"TABLE = '{'x' * 4_000_000}'\n",
        }

        violations = self.read(NAMED, files)["violations"]

        told = {one["file"]: one["message"].split(";")[0] for one in violations if one["severity"] == "error"}
        self.assertEqual(
            told,
            {
                "a_million.py": "the file has 1200004 words and signs",
                "deep.py": "Syntax error: nested too deeply, or too large, to be parsed",
                "large.py": "the file has 6000000 bytes",
            },
        )

    def test_a_plugin_of_too_much_code_is_an_error_as_a_whole(self):
        files = {f"part{n:02}.py": "x = [" + "1," * 90_000 + "]\n" for n in range(12)}

        violations = self.read(NAMED, files)["violations"]

        self.assertEqual(len(violations), 1)
        self.assertRegex(violations[0]["message"], "more than 2000000 words and signs; the rest is not scanned")


if __name__ == "__main__":
    unittest.main()
