"""The three examples of the plugin contract (section 11), in words of our own."""

import unittest

from tests.support import PluginTest, numbers, row


class WordHashTest(PluginTest):
    """Parameters, a condition, an extra column."""

    def test_each_text_with_words_is_one_document_and_the_others_are_skipped(self):
        host = self.load(self.copy("word_hash"))

        results = self.run_texts(host, "Green door", "green  DOOR", "three grey stones", "", None)

        words = [result["documents"][0]["fields"]["words"] for result in results[:3]]
        self.assertEqual(words, [2, 2, 3])
        first, second = (result["documents"][0]["vectors"]["word_hash_vector"] for result in results[:2])
        self.assertEqual(first, second)
        self.assertEqual(len(numbers(first)), 48)
        self.assertEqual([result["skipped"] for result in results[3:]], ["null vector"] * 2)

    def test_parameters_change_the_vector_and_another_load_gives_the_same_numbers(self):
        host = self.load(self.copy("word_hash"))
        again = self.load(host.folder)

        plain = self.run_texts(host, "green door")
        seeded = self.run_texts(host, "green door", parameters={"seed": "s"})

        self.assertEqual(plain, self.run_texts(again, "green door"))
        self.assertNotEqual(plain, seeded)

    def test_an_image_is_passed_over_and_told(self):
        host = self.load(self.copy("word_hash"))
        image = row("i", "file:///a.png", blob_type="image", mime_type="image/png")

        results = self.ask(host, "run", rows=[row("t", "a text"), image])["results"]

        self.assertEqual(len(results[0]["documents"]), 1)
        self.assertEqual(results[1], {"key": "i", "skipped": "no step is for image/png"})

    def test_a_query_without_realtime_goes_through_the_pipeline(self):
        host = self.load(self.copy("word_hash"))

        answer = self.ask(host, "realtime", inputs={"text": "green door"}, parameters={})

        (stored,) = self.run_texts(host, "green door")
        self.assertEqual(answer["vector"], stored["documents"][0]["vectors"]["word_hash_vector"])


class TextWindowsTest(PluginTest):
    """One row becomes several."""

    def test_windows_carry_their_positions(self):
        host = self.load(self.copy("text_windows"), parameters={"size": 3, "shared": 1})

        results = self.run_texts(host, "a b c d e f g", "alpha", "")

        texts = [document["fields"]["window_text"] for document in results[0]["documents"]]
        self.assertEqual(texts, ["a b c", "c d e", "e f g"])
        self.assertEqual([document["position"] for document in results[0]["documents"]], [[0], [1], [2]])
        self.assertEqual(results[0]["documents"][0]["fields"]["windows"], 3)
        self.assertEqual(len(results[1]["documents"]), 1)
        self.assertEqual(results[2], {"key": "2", "skipped": "no output row for this input row"})

    def test_many_rows_in_batches_all_find_their_source(self):
        host = self.load(self.copy("text_windows"), parameters={"size": 2})
        texts = [" ".join(f"w{at}" for at in range(1 + index % 9)) for index in range(149)]

        results = self.run_texts(host, *texts)

        counts = [len(result["documents"]) for result in results]
        self.assertEqual(counts, [(len(text.split()) + 1) // 2 for text in texts])
        self.assertTrue(results[8]["documents"][4]["fields"]["window_text"].startswith("w8"))

    def test_only_the_schemas_need_running(self):
        read = self.inspect(self.copy("text_windows"))

        self.assertEqual(read["unresolved"], ["input_schema", "output_schema", "parameter_schema"])
        self.assertEqual(read["errors"], [])
        self.assertEqual(read["manifest"]["version"], "1.2.0")


class LetterTriplesTest(PluginTest):
    """A service for queries."""

    def test_version_uri_and_dimension_are_read_without_running(self):
        read = self.inspect(self.copy("letter_triples"))

        manifest = read["manifest"]
        self.assertEqual(manifest["plugin_id"], "letter_triples_3_1_0")
        self.assertEqual(manifest["features"][0]["embedding_dim"], 40)
        self.assertEqual(manifest["feature_uri"], "mixpeek://letter_triples@3.1.0/triples_embedding")
        self.assertEqual((read["unresolved"], read["errors"], read["hasRealtime"]), ([], [], True))

    def test_a_query_has_the_vector_of_the_same_stored_text(self):
        host = self.load(self.copy("letter_triples"))

        answer = self.ask(host, "realtime", inputs={"text": "loose stones"}, parameters={})

        (stored,) = self.run_texts(host, "Loose stones ")
        self.assertEqual(answer["vector"], stored["documents"][0]["vectors"]["triples_embedding"])
        self.assertEqual(answer["response_keys"], ["embedding", "triples_embedding", "texts"])
        self.assertEqual((answer["response_type"], answer["raw"]["texts"]), ("dict", 1))


if __name__ == "__main__":
    unittest.main()
