"""What users get wrong, and what they are told (plugin contract, section 12)."""

import unittest

from tests.support import Host, PluginTest, row

FEATURE = (
    '{"feature_type": "embedding", "feature_name": "word_hash_vector", "embedding_dim": 48, "distance_metric": "cosine"}'
)


class MistakesOfManifests(PluginTest):
    """Told before anything runs."""

    def errors_of(self, fixture, changes, **more):
        return self.inspect(self.copy(fixture, changes), **more)["errors"]

    def word_hash(self, feature):
        return self.inspect(self.copy("word_hash", {"manifest.py": {FEATURE: feature}}))

    def test_the_other_spelling_is_accepted_with_four_warnings(self):
        read = self.word_hash(
            '{"type": "vector", "name": "word_hash_vector", "dimensions": 48, "distance": "cosine"}'
        )

        self.assertEqual(read["errors"], [])
        self.assertEqual(
            read["warnings"],
            [
                "features[0].type: read as feature_type",
                "features[0].name: read as feature_name",
                "features[0].dimensions: read as embedding_dim",
                "features[0].distance: read as distance_metric",
            ],
        )
        self.assertEqual(read["manifest"]["features"][0]["embedding_dim"], 48)

    def test_two_spellings_that_agree_are_fine_and_two_that_differ_are_not(self):
        agreeing = self.word_hash(FEATURE[:-1] + ', "type": "vector", "dimensions": 48}')["errors"]
        differing = self.word_hash(FEATURE[:-1] + ', "type": "vector", "dimensions": 96}')["errors"]

        self.assertEqual(agreeing, [])
        self.assertEqual(differing, ["features[0]: embedding_dim=48 and dimensions=96 differ"])

    def test_a_misspelt_key_of_a_feature_is_refused_with_the_right_one(self):
        errors = self.word_hash(FEATURE.replace("distance_metric", "distance_metrics"))["errors"]

        self.assertEqual(errors, ["features[0].distance_metrics is not a known key; did you mean distance_metric?"])

    def test_feature_instead_of_features_is_seen_by_the_output(self):
        read = self.inspect(self.copy("word_hash", {"manifest.py": {"features = [": "feature = ["}}))

        self.assertEqual(
            read["errors"],
            [
                "output_schema has 'word_hash_vector', which looks like a vector, but features declares none: "
                "no vector index would be created"
            ],
        )
        self.assertIn("feature looks like features", read["warnings"])

    def test_a_misspelt_key_of_the_profile_is_refused_with_the_right_one(self):
        errors = self.errors_of("word_hash", {"manifest.py": {'"batch_size": 2': '"batchsize": 2'}})

        self.assertEqual(errors, ["compute_profile.batchsize is not a known key; did you mean batch_size?"])

    def test_name_and_version_must_be_those_of_the_upload(self):
        folder = self.copy("word_hash")

        version = self.inspect(folder, uploaded={"name": "word_hash", "version": "1.1.0"})["errors"]
        name = self.inspect(folder, uploaded={"name": "wordhash", "version": "v1"})["errors"]

        self.assertEqual(version, ["version 1.0.0 differs from the uploaded version 1.1.0"])
        self.assertEqual(name, ["feature_extractor_name 'word_hash' differs from the uploaded name 'wordhash'"])

    def test_a_forbidden_import_is_told_with_its_place(self):
        read = self.inspect(self.copy("letter_triples", {"core.py": {"import zlib": "import subprocess\nimport zlib"}}))

        (found,) = read["violations"]
        self.assertEqual(
            found,
            {"file": "core.py", "line": 1, "column": 0, "message": "Forbidden import: subprocess", "severity": "error"},
        )

    def test_no_pipeline_names_what_is_there(self):
        read = self.inspect(self.plugin({"pipeline.py": ""}))
        self.assertEqual(read["errors"], [])
        folder = self.copy("letter_triples", without=["pipeline.py", "core.py", "realtime.py"])

        errors = self.inspect(folder)["errors"]

        self.assertEqual(
            errors, ["pipeline.py not found at the archive root or under one top folder; the archive has: manifest.py"]
        )

    def test_a_feature_uri_without_realtime_is_a_warning_and_works(self):
        folder = self.copy("letter_triples", without=["realtime.py"])

        self.assertIn("feature_uri without realtime.py", " ".join(self.inspect(folder)["warnings"]))
        answer = self.ask(self.load(folder), "realtime", inputs={"text": "loose stones"})
        self.assertIsNotNone(answer["vector"])

    def test_a_length_that_the_output_schema_contradicts_is_an_error_once_the_schema_is_known(self):
        host_errors = self.ask_load({"manifest.py": {'"embedding_dim": 32': '"embedding_dim": 64'}})

        self.assertEqual(
            host_errors, ["output_schema.window_embedding has 32 items, but features declares embedding_dim 64"]
        )

    def ask_load(self, changes):
        return self.ask(Host(), "load", folder=self.copy("text_windows", changes))["errors"]


class MistakesOfPipelines(PluginTest):
    """Told for each row."""

    def messages(self, host, *texts, **fields):
        return [result["failed"]["message"] for result in self.run_texts(host, *texts, **fields)]

    def test_the_name_of_the_bucket_property_is_a_column_too(self):
        host = self.load(self.copy("word_hash", {"pipeline.py": {'batch["data"]': 'batch["body"]'}}))

        (result,) = self.run_texts(host, "green door")

        self.assertEqual(result["documents"][0]["fields"], {"words": 2})

    def test_a_column_that_does_not_exist_is_told_with_those_that_do(self):
        host = self.load(self.copy("word_hash", {"pipeline.py": {'batch["data"]': 'batch["txt"]'}}))

        (message,) = self.messages(host, "green door")

        self.assertTrue(
            message.startswith("step 0 (WordHash): column 'txt' does not exist; columns are data, document_id, ")
        )
        self.assertTrue(message.endswith("; the content is in 'data'"))

    def test_a_wrong_length_fails_each_row_with_both_numbers(self):
        host = self.load(self.copy("word_hash", {"pipeline.py": {"SIZE = features[0][\"embedding_dim\"]": "SIZE = 32"}}))

        messages = self.messages(host, "green door", "three grey stones", "one")

        self.assertEqual(messages, ["word_hash_vector has 32 dimensions, the manifest declares 48"] * 3)

    def test_a_vector_in_another_column_fails_the_run_with_the_columns_that_are_new(self):
        host = self.load(self.copy("word_hash", {"pipeline.py": {'NAME = features[0]["feature_name"]': 'NAME = "embedding"'}}))

        messages = self.messages(host, "green door", "one")

        told = "feature 'word_hash_vector' is declared but no step wrote a column 'word_hash_vector'; "
        self.assertEqual(messages, [told + "new columns are: embedding, words"] * 2)

    def test_new_rows_without_their_source_are_recovered_row_by_row(self):
        host = self.load(self.copy("text_windows", {"processors/windows.py": {"{**row, ": "{"}}), parameters={"size": 2})

        results = self.run_texts(host, "a b c", "d", "e f")

        texts = [[document["fields"]["window_text"] for document in result["documents"]] for result in results]
        self.assertEqual(texts, [["a b", "c"], ["d"], ["e f"]])

    def test_only_the_first_row_leaves_the_others_told(self):
        change = {"processors/windows.py": {"for row in batch.to_dict": "for row in batch.iloc[:1].to_dict"}}
        host = self.load(self.copy("text_windows", change))

        results = self.run_texts(host, "a b", "c", "d")

        self.assertEqual(len(results[0]["documents"]), 1)
        self.assertEqual([result.get("skipped") for result in results[1:]], ["no output row for this input row"] * 2)

    def test_a_step_that_returns_a_list_is_told_so(self):
        change = {"processors/windows.py": {"return pd.DataFrame(rows, columns=[*batch.columns, \"window_text\", \"window_number\", \"windows\"])": "return rows"}}
        host = self.load(self.copy("text_windows", change))

        self.assertEqual(self.messages(host, "a b"), ["step 0 (Windows) returned list, expected a DataFrame"])

    def test_a_bad_parameter_is_named_by_the_check_and_by_the_run(self):
        host = self.load(self.copy("text_windows"))

        checked = self.ask(host, "check_parameters", parameters={"size": 0})
        error = self.fault(host, "run", rows=[row("1", "a b")], parameters={"size": 0})

        self.assertEqual(checked["errors"], ["parameters.size: must be >= 1"])
        self.assertEqual((error["kind"], error["message"]), ("parameters", "parameters.size: must be >= 1"))
        self.assertEqual(error["file"], "pipeline.py")

    def test_an_unknown_parameter_is_an_error_only_where_the_schema_forbids_it(self):
        strict = self.ask(self.load(self.copy("word_hash")), "check_parameters", parameters={"sead": "s"})
        lenient = self.ask(self.load(self.copy("text_windows")), "check_parameters", parameters={"sizes": 3})

        self.assertEqual(strict["errors"], ["parameters.sead is not a parameter; did you mean seed?"])
        self.assertEqual((lenient["errors"], len(lenient["warnings"])), ([], 1))

    def test_lengths_of_windows_that_differ_from_the_manifest_fail_every_row(self):
        changes = {
            "manifest.py": {"min_length=32, max_length=32": "min_length=1"},
            "processors/windows.py": {"digest_size=32": "digest_size=16"},
        }
        host = self.load(self.copy("text_windows", changes))

        messages = self.messages(host, "a b", "c")

        self.assertEqual(messages, ["window_embedding has 16 dimensions, the manifest declares 32"] * 2)


class MistakesOfServices(PluginTest):
    """Told for the query."""

    RETURN = 'return {"embedding": vectors[0], "triples_embedding": vectors[0], "texts": len(texts)}'

    def error_of(self, statement):
        host = self.load(self.copy("letter_triples", {"realtime.py": {self.RETURN: statement}}))
        answer = self.ask(host, "realtime", inputs={"text": "loose stones"})
        self.assertIsNone(answer["vector"])
        return answer["error"]

    def test_another_key_is_told_with_those_expected(self):
        self.assertEqual(
            self.error_of('return {"vector": vectors[0]}'),
            "Cannot extract dense vector: response keys are vector; expected 'triples_embedding' or 'embedding'",
        )

    def test_a_list_is_no_response(self):
        self.assertEqual(
            self.error_of("return vectors[0]"),
            "Cannot extract dense vector: realtime returned list, "
            "expected a dict with 'triples_embedding' or 'embedding'",
        )

    def test_a_wrong_length_is_told_with_both_numbers(self):
        self.assertEqual(
            self.error_of('return {"embedding": [0.5, 0.5]}'),
            "realtime: embedding has 2 dimensions, the manifest declares 40",
        )


if __name__ == "__main__":
    unittest.main()
