"""The four generations of plugins that are in users' hands, each as it is."""

import unittest

from tests.support import Host, PluginTest, numbers, row


class GenerationsTest(PluginTest):
    """Each loads without an error, stores documents, and answers queries."""

    def test_g1_has_attributes_only_and_answers_by_process_single(self):
        folder = self.copy("g1_attributes")
        host = self.load(folder)

        (result,) = self.run_texts(host, "Stop! Now!")
        answer = self.ask(host, "realtime", inputs={"text": "quiet"})

        self.assertEqual(self.inspect(folder)["manifest"]["plugin_id"], "mood_words_1_0_0")
        (document,) = result["documents"]
        self.assertEqual(document, {"position": [], "fields": {"mood": "loud", "exclamations": 2}, "vectors": {}, "missing": []})
        self.assertEqual((answer["raw"], answer["vector"], answer["error"]), ({"mood": "calm"}, None, None))

    def test_g1_runs_where_its_package_cannot_import_realtime(self):
        folder = self.copy("g1_attributes", {"realtime.py": {"from shared.plugins": "import not_there\nfrom shared.plugins"}})
        host = Host()
        loaded = self.ask(host, "load", folder=folder)

        self.assertIn("__init__.py failed and was passed over: ModuleNotFoundError", loaded["warnings"][0])
        self.assertEqual(len(loaded["errors"]), 1)
        self.assertTrue(loaded["errors"][0].startswith("realtime.py:1:"), loaded["errors"])
        self.assertEqual(len(self.run_texts(host, "still runs")[0]["documents"]), 1)

    def test_g2_reads_text_and_answers_by_predict(self):
        host = self.load(self.copy("g2_handler"), parameters={"a": 1})

        results = self.run_texts(host, "banana", "sky", "oboe", "Io")
        answer = self.ask(host, "realtime", inputs={"text": "banana"}, parameters={"b": 2})

        vectors = [numbers(result["documents"][0]["vectors"]["vowel_profile"]) for result in results]
        self.assertEqual(vectors[0], [3, 0, 0, 0, 0])
        self.assertEqual(numbers(answer["vector"]), vectors[0])
        self.assertEqual(answer["raw"]["asked"], ["a", "b"])

    def test_g3_has_the_other_keys_and_one_vector_that_its_uri_does_not_name(self):
        folder = self.copy("g3_template")
        read = self.inspect(folder)
        host = self.load(folder)

        results = self.run_texts(host, "abba", None)
        answer = self.ask(host, "realtime", inputs={"text": "abba"})

        self.assertEqual((read["errors"], read["missingDependencies"]), ([], []))
        self.assertEqual(read["manifest"]["feature_uri"], "mixpeek://letter_counts@1.0.0/letter_counts_v1_embedding")
        self.assertEqual(read["manifest"]["payload_features"], [{"feature_name": "letters", "feature_type": "number"}])
        document = results[0]["documents"][0]
        self.assertEqual(document["fields"], {"text": "abba", "letters": 4})
        self.assertEqual(numbers(answer["vector"])[:3], [2, 2, 0])
        self.assertEqual(results[1]["skipped"], "null vector")

    def test_g4_reads_data_and_answers_by_call(self):
        host = self.load(self.copy("g4_service"))

        got = self.ask(host, "run", rows=[row("1", "a bb ccc")])
        answer = self.ask(host, "realtime", inputs={"text": "a bb ccc"})

        self.assertEqual(got["results"][0]["documents"][0]["fields"], {"longest": "ccc"})
        self.assertEqual(got["warnings"], ["output_schema declares 'embedding', which no step wrote"])
        self.assertEqual(numbers(answer["vector"])[:4], [1, 1, 1, 0])


if __name__ == "__main__":
    unittest.main()
