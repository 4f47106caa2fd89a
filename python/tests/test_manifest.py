"""Manifests read without running them (plugin contract 2)."""

import unittest

from tests.support import Host, PluginTest

from nacre_host.manifest.dependencies import missing_dependencies
from nacre_host.manifest.versions import normalise_version

NAMED = 'feature_extractor_name = "made_here"\nversion = "1.0.0"\n'


class StaticTest(PluginTest):
    """What can be read, and what is marked as needing to run."""

    def read(self, text, **more):
        return self.inspect(self.plugin({"manifest.py": text}), **more)

    def test_constants_arithmetic_names_and_f_strings_are_read(self):
        text = (
            "BASE = 'made'\nDIM = 2 * (8 + 24) // 2\nCOMMON = {'feature_type': 'embedding'}\n"
            "metadata = {}\nmetadata['feature_extractor_name'] = f'{BASE}_here'\n"
            "version: str = 'v' + '2'\n"
            "features = [{**COMMON, 'feature_name': BASE + '_v', 'embedding_dim': DIM}]\n"
            "cost_rates = [{'unit': ('image', 'page')[-1], 'credits_per_unit': 1}]\n"
        )
        read = self.read(text)

        self.assertEqual((read["errors"], read["unresolved"]), ([], []))
        manifest = read["manifest"]
        self.assertEqual((manifest["plugin_id"], manifest["features"][0]["embedding_dim"]), ("made_here_2_0_0", 32))
        self.assertEqual(manifest["cost_rates"], [{"unit": "page", "credits_per_unit": 1}])

    def test_what_needs_running_is_unresolved_and_filled_by_running(self):
        text = NAMED + (
            "import json\nfeatures = [{'feature_type': 'embedding', 'feature_name': n, 'embedding_dim': 4} for n in ('a', 'b')]\n"
            "description = 'x'\nif True:\n    description = 'y'\ncompute_profile = json.loads('{}')\n"
        )
        folder = self.plugin({"manifest.py": text, "pipeline.py": "def build_steps(extractor_request): return []"})
        read = self.inspect(folder)

        loaded = self.ask(Host(), "load", folder=folder)

        self.assertEqual(read["unresolved"], ["compute_profile", "description", "features"])
        self.assertEqual([one["feature_name"] for one in loaded["manifest"]["features"]], ["a", "b"])
        self.assertEqual(loaded["manifest"]["description"], "y")

    def test_a_name_and_version_that_need_running_are_taken_from_the_upload(self):
        text = "import os\nfeature_extractor_name = os.path.join('made_here')\nversion = '.'.join('100')\n"
        told = self.read(text, uploaded={"name": "made_here", "version": "1.0.0"})
        alone = self.read(text)

        self.assertEqual((told["errors"], told["warnings"]), ([], []))
        self.assertEqual(told["manifest"]["plugin_id"], "made_here_1_0_0")
        self.assertEqual(
            alone["errors"],
            [
                "feature_extractor_name is known only when manifest.py runs; write it there as a text",
                "version is known only when manifest.py runs; write it there as a text",
            ],
        )

    def test_values_changed_out_of_sight_win_with_a_warning(self):
        text = NAMED + "tier = 1\ndef change():\n    global tier\n    tier = 2\nchange()\n"
        folder = self.plugin({"manifest.py": text, "pipeline.py": "def build_steps(extractor_request): return []"})

        loaded = self.ask(Host(), "load", folder=folder)

        self.assertEqual(loaded["manifest"]["tier"], 2)
        self.assertIn("tier: running manifest.py gives another value", loaded["warnings"][0])

    def test_expressions_that_would_cost_memory_are_not_computed(self):
        read = self.read(NAMED + "description = 'x' * 10 ** 9\nicon = 'x' * 1000000000\ntier = 9999999999999 * 9999999999999 * 9999999999999\n")

        self.assertEqual(read["unresolved"], ["description", "icon", "tier"])

    def test_one_key_in_both_styles_must_agree(self):
        read = self.read("metadata = {'name': 'made_here', 'version': '2.0.0'}\nversion = '1.0.0'\n")
        same = self.read("metadata = {'name': 'made_here', 'version': 'v1'}\nversion = '1.0.0'\n")

        self.assertEqual(
            read["errors"], ["version: top-level value '1.0.0' and metadata['version'] = '2.0.0' differ; keep one"]
        )
        self.assertEqual(same["errors"], [])

    def test_names_and_versions_that_cannot_be(self):
        dashed = self.read('feature_extractor_name = "my-plugin"\nversion = "one"\n')["errors"]
        none = self.read("x = 1\n")["errors"]

        self.assertTrue(dashed[0].endswith("use 'my_plugin'"))
        self.assertEqual(dashed[1], "version 'one' is no version; write X.Y.Z")
        self.assertEqual(none, ["feature_extractor_name is missing", "version is missing"])
        versions = {"v1": "1.0.0", "1.0": "1.0.0", "v2.1": "2.1.0", "v1_1": "1.1.0", "1.2.3": "1.2.3", "1.2.3.4": None, "latest": None}
        self.assertEqual({text: normalise_version(text) for text in versions}, versions)

    def test_features_that_cannot_be_vectors_are_named_by_their_place(self):
        def errors(*features):
            return self.read(NAMED + f"features = {list(features)!r}\n")["errors"]

        good = {"feature_type": "embedding", "feature_name": "a", "embedding_dim": 4}
        self.assertEqual(errors(good, good), ["features[1]: feature_name 'a' is declared twice"])
        self.assertEqual(errors({**good, "embedding_dim": 0})[0][:40], "features[0]: embedding_dim is 0; it must")
        self.assertEqual(errors({"feature_type": "embedding"}), ["features[0]: feature_name is missing", "features[0]: embedding_dim is missing"])
        self.assertEqual(errors({**good, "distance_metric": "far"})[0], "features[0]: distance_metric 'far' is not known; it must be one of cosine, dot, euclid, manhattan")
        self.assertEqual(errors({**good, "feature_type": "embeding"}), ["features[0]: feature_type 'embeding' is not known; did you mean 'embedding'?"])
        self.assertEqual(errors("a"), ["features[0] must be a dict, not str"])
        self.assertEqual(errors({**good, "distance_metric": "l2", "metric": "Euclidean"}), [])

    def test_vectors_of_the_api_model_stand_in_for_features(self):
        read = self.read(NAMED + "required_vector_indexes = [{'name': 'n', 'index': {'name': 'v', 'dimensions': 3, 'distance': 'dot'}}]\n")

        (feature,) = read["manifest"]["features"]
        self.assertEqual((feature["feature_name"], feature["embedding_dim"], feature["distance_metric"]), ("v", 3, "dot"))

    def test_a_uri_that_names_no_vector_of_several_lists_them(self):
        features = [{"feature_type": "embedding", "feature_name": name, "embedding_dim": 2} for name in "ab"]
        read = self.read(NAMED + f"features = {features!r}\nfeature_uri = 'mixpeek://made_here@v1/c'\n")

        self.assertTrue(read["errors"][0].endswith("the declared ones are mixpeek://made_here@1.0.0/a, mixpeek://made_here@1.0.0/b"))

    def test_schemas_of_every_form_become_fields_of_a_bucket(self):
        text = NAMED + (
            "input_schema = {'text': {'type': 'string'}}\n"
            "output_schema = {'a': 'str', 'b': {'anyOf': [{'type': 'integer'}, {'type': 'null'}]}, 'c': {'$ref': '#/x'},"
            " 'd': {'type': 'string', 'format': 'date-time'}, 'e': {'type': 'odd'}}\n"
            "parameter_schema = {'type': 'object', 'properties': {}}\n"
        )
        manifest = self.read(text)["manifest"]

        self.assertEqual(manifest["input_schema"], {"type": "object", "properties": {"text": {"type": "string"}}})
        kinds = {name: field["type"] for name, field in manifest["output_fields"].items()}
        self.assertEqual(kinds, {"a": "string", "b": "integer", "c": "object", "d": "datetime", "e": "object"})

    def test_a_manifest_that_does_not_parse_is_told_with_its_place(self):
        self.assertTrue(self.read("a = (\n")["errors"][0].startswith("manifest.py:1:4: Syntax error:"))


class DependenciesTest(unittest.TestCase):
    """Checked, never installed."""

    def test_requirements_are_met_or_listed_with_what_is_installed(self):
        met = ["pandas", "pandas>=2.2,<99", "numpy!=0.1", "pydantic>=2", "not-there; sys_platform == 'none'"]
        self.assertEqual(missing_dependencies(met), [])
        missing = missing_dependencies(["not-there>=1", "pandas<1", "pandas==0.1.*", "x @ https://a.example/x.whl"])
        self.assertEqual(missing[0], "not-there>=1 (not installed)")
        self.assertTrue(missing[1].startswith("pandas<1 (installed: "))
        self.assertEqual(len(missing), 4)


if __name__ == "__main__":
    unittest.main()
