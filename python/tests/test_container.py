"""What a plugin may ask of its host, and the modules it imports (plugin contract 3.5, 3.6, 7, 10)."""

import asyncio
import importlib
import json
import struct
import tempfile
import unittest
from pathlib import Path

from tests.support import PluginTest, row

from nacre_host.manifest.manifest import Manifest
from nacre_host.plugin.container import Container
from nacre_host.plugin.models import offer_models
from nacre_host.plugin.request import make_request, merge_parameters
from nacre_host.plugin.services import NotConfigured

MODULES = {
    "engine.plugins.extractors.pipeline": "ResourceType RowCondition StepDefinition PipelineDefinition build_pipeline_steps",
    "shared.plugins": "open_asset download_asset parallel_io concurrent_api_calls",
    "shared.plugins.sdk": "open_asset download_asset parallel_io concurrent_api_calls",
    "shared.plugins.inference.serve": "BaseInferenceService ServeDeploymentConfig",
    "shared.plugins.inference.batch": "BaseBatchInferenceService",
    "engine.inference.services": "BaseBatchInferenceService",
    "engine.services.batch": "BaseBatchInferenceService BaseInferenceService",
    "shared.inference.registry": "get_batch_service",
    "shared.inference.intfloat.multilingual_e5_large_instruct.models": "InferenceConfigs",
    "shared.inference.openai.whisper_api.models": "InferenceConfigs",
    "shared.collection.features.extractors.models": "ExtractorDefinition",
    "engine.models": "LazyModelMixin lazy_model load_hf_model load_namespace_model",
    "engine.models.loader": "load_hf_model load_namespace_model load_hf_model_async is_hf_model_cached",
    "engine.models.lazy": "LazyModelMixin lazy_model",
    "shared.models.loader": "load_namespace_model",
    "shared.loggers.services": "get_logger",
    "shared.utilities.files": "resolve_url_to_local_path",
    "engine.pipelines.models": "PipelineStepsAndPrepare ExtractorRequest",
    "mixpeek_dev.models": "load_custom_model",
    "ray": "get serve",
    "engine.inference.intfloat.multilingual_e5_large_instruct.services": "E5TextEmbeddingBatch",
    "engine.inference.openai.whisper_api.services": "WhisperTranscriptionBatch",
    "api.namespaces.plugins.security.scanner": "PluginSecurityScanner",
}


class ContainerTest(unittest.TestCase):
    """Clear answers to what there is not."""

    container = Container({"API_KEY": "s3cret", "OTHER": "x"}, {})

    def test_secrets_are_given_by_their_exact_names(self):
        secrets = self.container.secrets
        self.assertEqual(asyncio.run(secrets.get("API_KEY")), "s3cret")
        self.assertEqual(asyncio.run(secrets.list()), ["API_KEY", "OTHER"])
        with self.assertRaisesRegex(LookupError, "'API_KEY' differs from it only in case"):
            asyncio.run(secrets.get("api_key"))
        with self.assertRaisesRegex(LookupError, "no secret 'X'; the secrets are API_KEY, OTHER"):
            asyncio.run(secrets.get("X"))

    def test_what_is_not_configured_says_so(self):
        with self.assertRaisesRegex(NotConfigured, "LLM provider openai is not configured"):
            asyncio.run(self.container.llm.generate("say", provider="openai"))
        service = self.container.inference.get("intfloat/multilingual-e5-large-instruct")
        self.assertEqual(service.embedding_dim, 1024)
        with self.assertRaisesRegex(NotConfigured, "is not installed on this server"):
            service.embed_batch(["a"])
        with self.assertRaisesRegex(ValueError, "unknown inference service 'x'; known are BAAI"):
            self.container.inference.get("x")
        offer_models({})
        with self.assertRaisesRegex(LookupError, "no model 'm_1_0_0'; the models are none"):
            self.container.models.get("m_1_0_0")

    def test_a_known_service_is_a_class_that_fails_when_it_is_made(self):
        from shared.inference.registry import get_batch_service

        cls = get_batch_service("openai/whisper-large-v3-turbo")
        self.assertIsInstance(cls, type)
        with self.assertRaises(NotConfigured):
            cls({})
        with self.assertRaisesRegex(ValueError, "known are"):
            get_batch_service("none/such")


class RequestTest(unittest.TestCase):
    """Parameters under each of their names."""

    manifest = Manifest("p", "1.0.0", parameter_schema={"properties": {"depth": {}}})

    def test_the_collection_overlays_the_enabling_everywhere(self):
        merged, warnings = merge_parameters({"depth": 1, "kept": True}, {"depth": 2}, self.manifest)
        request = make_request(self.manifest, merged, {"collection_id": "col_1", "input_mappings": {"text": "body"}})

        for place in (request.parameters, request.params, request.extractor_config.parameters, request.extractor_config.params):
            self.assertEqual(place, {"depth": 2, "kept": True})
        self.assertEqual((request.collection_id, request.extractor_config.input_mappings), ("col_1", {"text": "body"}))
        self.assertEqual(warnings, [])

    def test_parameters_of_another_extractor_are_dropped_with_a_warning(self):
        given = {"extractor_type": "text_extractor", "chunk_size": 1000, "depth": 3}
        merged, warnings = merge_parameters({}, given, self.manifest)

        self.assertEqual(merged, {"depth": 3})
        self.assertIn('send extractor_type: "p" or plain HTTP', warnings[0])
        self.assertEqual(merge_parameters({}, {"extractor_type": "p", "x": 1}, self.manifest), ({"x": 1}, []))


class ModulesTest(PluginTest):
    """Every import that plugins in use make."""

    def test_every_module_and_symbol_is_there(self):
        for module, symbols in MODULES.items():
            for symbol in symbols.split():
                with self.subTest(f"{module}.{symbol}"):
                    self.assertTrue(hasattr(importlib.import_module(module), symbol))

    def test_modules_of_builtin_extractors_are_refused_with_a_sentence(self):
        refused = {
            "engine.plugins.extractors.builder": "only for the vendor's built-in extractors; use build_steps",
            "shared.collection.features.extractors.text.v1.models": "is not a package a custom plugin can have",
            "engine.inference.clip.services": "is not a package a custom plugin can have",
        }
        for module, sentence in refused.items():
            with self.subTest(module):
                folder = self.plugin({"pipeline.py": f"from {module} import X\ndef build_steps(extractor_request): return []\n"})
                from tests.support import Host

                (error,) = self.ask(Host(), "load", folder=folder)["errors"]
                self.assertIn(sentence, error)
                self.assertTrue(error.startswith("pipeline.py:1:"), error)

    def test_models_of_the_archive_and_of_the_namespace_load(self):
        from engine.models import LazyModelMixin, lazy_model
        from mixpeek_dev.models import load_custom_model

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "w.safetensors"
            header = json.dumps({"w": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]}}).encode()
            path.write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<ff", 0.5, 2.0))
            offer_models({"m_1_0_0": {"path": str(path), "format": "safetensors"}, "n_1_0_0": {"path": "n.onnx", "format": "onnx"}})

            loaded = load_custom_model(str(path))

            class Lazy(LazyModelMixin):
                model_id, model_source = "m_1_0_0", "namespace"

            class Decorated:
                @lazy_model("n_1_0_0", model_source="namespace")
                def __call__(self, batch):
                    return self._model, self._device

            self.assertEqual((loaded.keys(), loaded.get_tensor("w").tolist()), (["w"], [[0.5], [2.0]]))
            self.assertEqual(Lazy().model["w"].tolist(), [[0.5], [2.0]])
            self.assertEqual(Decorated()(None), ("n.onnx", "cpu"))
        with self.assertRaisesRegex(ValueError, "models end in"):
            load_custom_model("a.bin")

    def test_helpers_keep_the_order_of_items_and_leave_failures_out(self):
        from shared.plugins.sdk import concurrent_api_calls, open_asset, parallel_io

        async def half(item):
            return 6 / item

        async def inside():
            return concurrent_api_calls([1, 0, 2], half)

        self.assertEqual(parallel_io([1, 0, 2], lambda item: 6 / item), {0: 6, 2: 3})
        self.assertEqual(concurrent_api_calls([1, 0, 2], half), [6, None, 3])
        self.assertEqual(asyncio.run(inside()), [6, None, 3])
        with open_asset("file:///a/b.txt") as path:
            self.assertEqual(path, "/a/b.txt")
        with self.assertRaisesRegex(ValueError, "s3:// cannot be read here"):
            with open_asset("s3://bucket/key"):
                pass

    def test_plugin_files_never_stand_before_libraries_and_compiled_ones_never_load(self):
        folder = self.plugin({"json.py": "raise Exception('shadow')", "pipeline.py": "import json\nfrom .json import x\n"})
        (Path(folder) / "hidden.pyc").write_bytes(b"x")
        code = "import json\njson.dumps\ntry:\n    import hidden\nexcept ModuleNotFoundError:\n    found = False\ndef build_steps(extractor_request): return []\n"
        (Path(folder) / "pipeline.py").write_text(code)

        self.load(folder)


class ProbeTest(PluginTest):
    """One generated row, compared with the manifest."""

    def probe(self, fixture, changes):
        return self.ask(self.load(self.copy(fixture, changes)), "probe")

    def test_good_plugins_pass_and_differences_are_exact_errors(self):
        self.assertEqual(self.probe("word_hash", {})["errors"], [])
        self.assertEqual(self.probe("g1_attributes", {}), {"id": 1, "ok": True, "errors": [], "warnings": []})
        wrong = self.probe("word_hash", {"pipeline.py": {'SIZE = features[0]["embedding_dim"]': "SIZE = 47"}})
        self.assertEqual(wrong["errors"], ["probe row: word_hash_vector has 47 dimensions, the manifest declares 48"])
        column = self.probe("word_hash", {"pipeline.py": {'batch["data"]': 'batch["txt"]'}})
        self.assertIn("column 'txt' does not exist", column["errors"][0])
        query = self.probe("letter_triples", {"realtime.py": {'"embedding": vectors[0], "triples_embedding"': '"vectors"'}})
        self.assertIn("Cannot extract dense vector: response keys are vectors, texts", query["errors"][0])

    def test_a_plugin_that_needs_more_than_a_text_is_only_warned_of(self):
        raised = self.probe("letter_triples", {"core.py": {"    vector =": "    raise RuntimeError('no model')\n    vector ="}})
        bug = self.probe("word_hash", {"pipeline.py": {"step = StepDefinition": "step = StepDefinitions"}})

        self.assertEqual(raised["errors"], [])
        self.assertEqual(len(raised["warnings"]), 2)
        self.assertIn("build_steps: NameError", bug["errors"][0])

    def test_a_query_for_an_unknown_vector_is_refused(self):
        host = self.load(self.copy("word_hash"))
        error = self.fault(host, "realtime", inputs={"text": "a"}, vector_index="other")
        self.assertEqual(error["message"], "vector_index 'other' is not declared; declared are word_hash_vector")
        self.assertIn("hold no text", self.fault(host, "realtime", inputs={"a": 1})["message"])

    def test_image_queries_are_rows_of_images(self):
        code = "def see(b):\n    b['u'] = b['image_url']\n    b['k'] = b['mime_type']\n    return b\ndef build_steps(extractor_request): return [see]\n"
        host = self.load(self.plugin({"pipeline.py": code}))
        answer = self.ask(host, "realtime", inputs={"image_url": "file:///a.png"})
        self.assertEqual(answer["raw"], {"u": "file:///a.png", "k": "image/*"})
        (result,) = self.ask(host, "run", rows=[row("1", "a.png", blob_type="image", mime_type="image/png")])["results"]
        self.assertEqual(result["documents"][0]["fields"]["u"], "a.png")


if __name__ == "__main__":
    unittest.main()
