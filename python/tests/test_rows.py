"""Frames, conditions, lineage, failures and positions (plugin contract 3.2, 3.3, 4)."""

import unittest

from tests.support import PluginTest, numbers, row

VECTOR = 'feature_extractor_name = "made_here"\nversion = "1.0.0"\nfeatures = [{"feature_type": "embedding", "feature_name": "v", "embedding_dim": 2}]\n'
STEPS = "def build_steps(extractor_request, base_steps=None): return {{'steps': [{}]}}\n"


class RowsTest(PluginTest):
    """Each test is a small pipeline and what becomes of its rows."""

    def host(self, code, steps, manifest=VECTOR, **load):
        return self.load(self.plugin({"manifest.py": manifest, "pipeline.py": code + STEPS.format(steps)}), **load)

    def test_none_stays_none_on_every_pandas_and_can_be_filled(self):
        code = (
            "def look(b):\n"
            "    b['kind'] = [type(v).__name__ for v in b['data']]\n"
            "    b['filled'] = b['data'].fillna('-')\n"
            "    b['v'] = [[1, 2]] * len(b)\n"
            "    return b\n"
        )
        results = self.run_texts(self.host(code, "look"), "a", None)

        fields = [result["documents"][0]["fields"] for result in results]
        self.assertEqual(fields, [{"kind": "str", "filled": "a"}, {"kind": "NoneType", "filled": "-"}])

    def test_none_is_none_again_after_a_step_that_built_a_plain_frame(self):
        code = (
            "import pandas as pd\n"
            "def plain(b): return pd.DataFrame({'document_id': list(b['document_id']), 'object_id': list(b['object_id']), 'data': list(b['data'])})\n"
            "def look(b):\n"
            "    b['kind'] = [type(v).__name__ for v in b['data']]\n"
            "    b['v'] = [[1, 2]] * len(b)\n"
            "    return b\n"
        )
        results = self.run_texts(self.host(code, "plain, look"), "a", None)

        self.assertEqual(results[1]["documents"][0]["fields"], {"kind": "NoneType"})

    def test_rows_a_step_is_not_for_pass_by_and_later_steps_see_them(self):
        code = (
            "from engine.plugins.extractors.pipeline import RowCondition, StepDefinition\n"
            "class Hear:\n"
            "    def __call__(self, b):\n"
            "        b['heard'] = ['words'] * len(b)\n"
            "        return b\n"
            "class All:\n"
            "    def __call__(self, b):\n"
            "        b['v'] = [[len(b), 1] for _ in range(len(b))]\n"
            "        b['missing'] = [h is None for h in b['heard']]\n"
            "        return b\n"
        )
        host = self.host(code, "StepDefinition(Hear, condition=RowCondition.IS_AUDIO), StepDefinition(All)")
        rows = [row("t", "a"), row("s", "file:///s.mp3", blob_type="audio", mime_type=None), row("u", "b")]

        results = self.ask(host, "run", rows=rows)["results"]

        fields = {result["key"]: result["documents"][0]["fields"] for result in results}
        self.assertEqual(fields["t"], {"missing": True})
        self.assertEqual(fields["s"], {"heard": "words", "missing": False})

    def test_a_row_that_fails_fails_alone_with_step_class_and_line(self):
        code = (
            "class Fussy:\n"
            "    def __call__(self, b):\n"
            "        for t in b['data']:\n"
            "            if t == 'bad': raise ValueError('no such text')\n"
            "        b['v'] = [[1, 2]] * len(b)\n"
            "        return b\n"
        )
        results = self.run_texts(self.host(code, "Fussy"), "a", "bad", "c")

        self.assertEqual([len(result.get("documents", ())) for result in results], [1, 0, 1])
        self.assertEqual(
            results[1]["failed"],
            {"type": "runtime", "message": "step 0 (Fussy): ValueError: no such text (pipeline.py:4)"},
        )

    def test_a_key_error_of_the_plugin_keeps_its_own_text(self):
        code = "def look(b):\n    return {}['depth']\n"

        (result,) = self.run_texts(self.host(code, "look"), "a")

        self.assertEqual(result["failed"]["message"], "step 0 (look): KeyError: 'depth' (pipeline.py:2)")

    def test_lost_lineage_of_as_many_rows_goes_by_position(self):
        code = (
            "import pandas as pd\n"
            "def fresh(b): return pd.DataFrame({'v': [[len(t), 0] for t in b['data']]})\n"
        )
        results = self.run_texts(self.host(code, "fresh"), "a", "bb", "ccc")

        firsts = [numbers(result["documents"][0]["vectors"]["v"])[0] for result in results]
        self.assertEqual(firsts, [1, 2, 3])

    def test_rows_in_another_order_keep_their_own_results(self):
        code = "def turn(b):\n    b['v'] = [[len(t), 0] for t in b['data']]\n    return b.iloc[::-1]\n"

        results = self.run_texts(self.host(code, "turn"), "a", "bb", "ccc")

        self.assertEqual([numbers(result["documents"][0]["vectors"]["v"])[0] for result in results], [1, 2, 3])

    def test_each_way_of_prepare_filters_or_leaves_rows(self):
        base = "def step(b):\n    b['v'] = [[1, 2]] * len(b)\n    return b\n"
        ways = {
            "lambda ds: ds": 3,
            "lambda ds: None": 3,
            "lambda ds: ds.filter(lambda row: row['data'] != 'b').repartition(4)": 2,
            "lambda ds: ds[ds['data'] != 'b']": 2,
            "lambda ds: ds.to_pandas().iloc[:1]": 1,
            "lambda ds: ds.map_batches(lambda frame: frame.head(ds.count() - 2))": 1,
            "lambda ds: ds.map(lambda row: {**row, 'extra': len(row['data'])})": 3,
            "lambda ds: ds.add_column('extra', lambda frame: frame['data'])": 3,
        }
        for prepare, kept in ways.items():
            with self.subTest(prepare):
                code = base + f"def build_steps(extractor_request): return {{'steps': [step], 'prepare': {prepare}}}\n"
                host = self.load(self.plugin({"manifest.py": VECTOR, "pipeline.py": code}))

                results = self.run_texts(host, "a", "b", "c")

                self.assertEqual(sum("documents" in result for result in results), kept)
                reasons = {result["skipped"] for result in results if "skipped" in result}
                self.assertLessEqual(reasons, {"filtered by prepare"})

    def test_position_fields_that_repeat_inside_one_object_are_an_error(self):
        code = (
            "import pandas as pd\n"
            "def twice(b):\n"
            "    out = pd.concat([b, b], ignore_index=True)\n"
            "    out['page'] = [7] * len(out)\n"
            "    out['v'] = [[1, 2]] * len(out)\n"
            "    return out\n"
        )
        with_pages = self.host(code, "twice", VECTOR + 'position_fields = ["page"]\n')
        without = self.host(code, "twice")

        (failed,) = self.run_texts(with_pages, "a")
        (written,) = self.run_texts(without, "a")

        self.assertEqual(failed["failed"]["message"], "position fields page have the values [7] twice in one object")
        self.assertEqual([document["position"] for document in written["documents"]], [[0], [1]])

    def test_vectors_that_are_none_or_wrong_each_have_their_sentence(self):
        values = {
            "None": ("skipped", "null vector"),
            "float('nan')": ("skipped", "null vector"),
            "[1, float('nan')]": ("failed", "v holds nan at 1; every number must be finite"),
            "[1e300, 1]": ("failed", "v holds 1e+300 at 0; every number must be finite"),
            "'ab'": ("failed", "v is str, expected a list of numbers"),
            "['1', '2']": ("failed", "v holds str, expected numbers"),
            "[[1, 2]]": ("failed", "v has the shape (1, 2), expected a list of 2 numbers"),
            "[1, None]": ("failed", "v holds NoneType, expected numbers"),
            "7": ("failed", "v is int, expected a list of numbers"),
        }
        for value, (outcome, text) in values.items():
            with self.subTest(value):
                code = f"def step(b):\n    b['v'] = [{value} for _ in range(len(b))]\n    return b\n"
                (result,) = self.run_texts(self.host(code, "step"), "a")
                told = result[outcome] if outcome == "skipped" else result["failed"]["message"]
                self.assertEqual(told, text)

    def test_arrays_and_tuples_are_vectors_and_values_become_json(self):
        code = (
            "import datetime, enum, numpy as np, pandas as pd\n"
            "class Hue(enum.Enum): RED = 'red'\n"
            "def step(b):\n"
            "    b['v'] = [np.array([1, 2], dtype='int8')] * len(b)\n"
            "    b['whole'] = np.arange(len(b)); b['day'] = datetime.date(2020, 2, 3); b['hue'] = Hue.RED\n"
            "    b['gone'] = pd.NaT; b['_scratch'] = 1; b['nested'] = [{'a': np.float32(0.5), 'b': (1, {2})}] * len(b)\n"
            "    return b\n"
        )
        (result,) = self.run_texts(self.host(code, "step"), "a")

        (document,) = result["documents"]
        self.assertEqual(numbers(document["vectors"]["v"]), [1, 2])
        self.assertEqual(
            document["fields"], {"whole": 0, "day": "2020-02-03", "hue": "red", "nested": {"a": 0.5, "b": [1, [2]]}}
        )

    def test_columns_that_cannot_be_stored_are_told(self):
        cases = {
            "b['thumbnail'] = [b'x'] * len(b)": "column thumbnail holds bytes; store a URL or base64 text",
            "b['_internal'] = 1": "column '_internal' collides with the system's field '_internal'; rename it",
            "b['author'] = 1": "column 'author' collides with the passthrough field 'author'; rename one",
            "b['big'] = 2**70": "column big holds an integer beyond 2^53, which other languages round; store text",
        }
        for statement, text in cases.items():
            with self.subTest(statement):
                code = f"def step(b):\n    b['v'] = [[1, 2]] * len(b)\n    {statement}\n    return b\n"
                host = self.host(code, "step", request={"field_passthrough": [{"source_path": "metadata.author"}]})
                (result,) = self.run_texts(host, "a")
                self.assertEqual(result["failed"]["message"], text)

    def test_a_missing_one_of_several_vectors_is_listed_and_the_row_written(self):
        manifest = VECTOR.replace("}]", '}, {"feature_type": "embedding", "feature_name": "w", "embedding_dim": 1}]')
        code = "def step(b):\n    b['v'] = [[1, 2]] * len(b)\n    b['w'] = None\n    return b\n"

        (result,) = self.run_texts(self.host(code, "step", manifest), "a")

        self.assertEqual(result["documents"][0]["missing"], ["mixpeek://made_here@1.0.0/w"])

    def test_swallowed_calls_are_counted_and_told(self):
        code = (
            "from shared.plugins.sdk import concurrent_api_calls\n"
            "def build_steps(extractor_request, container):\n"
            "    def ask(b):\n"
            "        async def one(text): return await container.llm.generate('say', text, provider='google')\n"
            "        b['v'] = [[1, 2]] * len(b)\n"
            "        b['said'] = concurrent_api_calls(list(b['data']), one)\n"
            "        return b\n"
            "    return [ask]\n"
        )
        host = self.load(self.plugin({"manifest.py": VECTOR, "pipeline.py": code}))

        got = self.ask(host, "run", rows=[row("1", "a"), row("2", "b")])

        self.assertEqual(len(got["results"][0]["documents"]), 1)
        self.assertIn("LLM provider google is not configured", got["warnings"][0])
        self.assertTrue(got["warnings"][0].endswith("(2 times)"))

    def test_two_rows_with_the_same_ids_are_refused(self):
        host = self.load(self.copy("word_hash"))

        error = self.fault(host, "run", rows=[row("1", "a"), row("1", "b")])

        self.assertEqual(error["kind"], "request")


if __name__ == "__main__":
    unittest.main()
