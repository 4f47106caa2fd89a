"""The example plugin, as users read it: it passes every check, and does what its README says."""

import unittest

from tests.support import TESTS, PluginTest, numbers

FOLDER = str(TESTS.parent.parent / "examples" / "plugins" / "keywords")


class KeywordsTest(PluginTest):
    """examples/plugins/keywords."""

    def test_it_passes_every_check_without_a_word(self):
        read = self.inspect(FOLDER)

        self.assertEqual((read["errors"], read["warnings"], read["violations"], read["unresolved"]), ([], [], [], []))
        self.assertEqual(self.ask(self.load(FOLDER), "probe"), {"id": 1, "ok": True, "errors": [], "warnings": []})

    def test_it_finds_the_words_a_text_is_about(self):
        host = self.load(FOLDER, parameters={"keywords_max": 2})

        first, empty = self.run_texts(host, "The indexes of a namespace: indexes that make themselves.", None)

        fields = first["documents"][0]["fields"]
        self.assertEqual(fields["keywords"][0], "indexes")
        self.assertEqual((len(fields["keywords"]), fields["word_count"]), (2, 9))
        self.assertEqual(empty["skipped"], "null vector")

    def test_a_query_is_nearest_to_the_text_that_shares_its_letters(self):
        host = self.load(FOLDER)
        texts = ["payload indexes are made for filters", "a boat crosses the river", "green doors and red roofs"]

        query = numbers(self.ask(host, "realtime", inputs={"text": "indexing of filters"})["vector"])

        stored = [numbers(got["documents"][0]["vectors"]["keywords_embedding"]) for got in self.run_texts(host, *texts)]
        closeness = [sum(one * other for one, other in zip(query, vector)) for vector in stored]
        self.assertEqual(closeness.index(max(closeness)), 0)


if __name__ == "__main__":
    unittest.main()
