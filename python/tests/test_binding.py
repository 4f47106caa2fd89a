"""Constructors, steps and entry points by their signatures (plugin contract 3.1, 3.2, 3.4, 5.1)."""

import types
import unittest

from tests.support import PluginTest

from nacre_host.event_loop import PipeEnd, settle
from nacre_host.plugin.binding import call_by_name, construct
from nacre_host.plugin.entry import Entry, build_pipeline, find_entry
from nacre_host.realtime.find_service import find_service, service_method


class WithProgress:
    def __init__(self, config, progress_actor=None):
        self.got = (config, progress_actor)


class WithKeywords:
    def __init__(self, config, **kwargs):
        self.got = (config, kwargs)


class WithDefault:
    def __init__(self, config=None, **kwargs):
        self.got = (config, kwargs)


class WithConfig:
    def __init__(self, config):
        self.got = config


class WithNothing:
    got = "nothing"


class WithOtherName:
    def __init__(self, cfg):
        self.got = cfg


class ConstructorsTest(unittest.TestCase):
    """The six signatures in use."""

    def test_each_signature_is_given_what_it_names(self):
        config = {"a": 1}
        expected = {
            WithProgress: (config, None),
            WithKeywords: (config, {}),
            WithDefault: (config, {}),
            WithConfig: config,
            WithNothing: "nothing",
            WithOtherName: config,
        }
        for cls, got in expected.items():
            with self.subTest(cls.__name__):
                self.assertEqual(construct(cls, config).got, got)

    def test_without_a_config_only_those_that_require_one_are_given_none(self):
        self.assertEqual(construct(WithDefault, None).got, (None, {}))
        self.assertEqual(construct(WithConfig, None).got, None)


class EntriesTest(unittest.TestCase):
    """How a pipeline is asked for, and what it may return."""

    OFFERED = {"extractor_request": "r", "container": "c", "dataset_size": 3, "content_flags": {}}

    def test_a_function_is_given_what_it_names(self):
        self.assertEqual(call_by_name(lambda extractor_request, **kwargs: sorted(kwargs), self.OFFERED), ["container", "content_flags", "dataset_size"])
        self.assertEqual(call_by_name(lambda extractor_request=None, container=None: container, self.OFFERED), "c")
        with self.assertRaisesRegex(TypeError, "needs session; a host gives extractor_request"):
            call_by_name(lambda extractor_request, session: None, self.OFFERED)

    def test_build_steps_comes_before_extract_and_the_definition(self):
        def function(**kwargs):
            return []

        definition = types.SimpleNamespace(extractor_function_path=function)
        both = types.SimpleNamespace(build_steps=function, extract=function)
        self.assertEqual(find_entry(both).name, "build_steps")
        self.assertEqual(find_entry(types.SimpleNamespace(extract=function)).name, "extract")
        self.assertEqual(find_entry(types.SimpleNamespace(extractor_definition=definition)).name, "extractor_definition")
        self.assertIsNone(find_entry(types.SimpleNamespace()))

    def test_every_form_of_result_and_of_step_is_taken(self):
        def step(batch):
            return batch

        class Processor:
            def __call__(self, batch):
                return batch

        forms = [{"steps": [step]}, [Processor()], (Processor,), types.SimpleNamespace(steps=[step], prepare=step)]
        for form in forms:
            with self.subTest(repr(form)):
                pipeline = build_pipeline(Entry("build_steps", lambda **kwargs: form), self.OFFERED)
                self.assertEqual(pipeline.steps[0].call(3), 3)

    def test_what_is_no_step_is_refused_with_its_class(self):
        class Secretive:
            async def process(self, batch):
                return batch

        with self.assertRaisesRegex(TypeError, r"step 0 \(Secretive\) is not callable: it needs __call__\(self, batch\)"):
            build_pipeline(Entry("build_steps", lambda **kwargs: [Secretive()]), self.OFFERED)
        with self.assertRaisesRegex(TypeError, "build_steps returned int"):
            build_pipeline(Entry("build_steps", lambda **kwargs: 3), self.OFFERED)


class ServicesTest(PluginTest):
    """Finding the service, in each of its styles."""

    def service(self, source):
        module = types.ModuleType("made_realtime")
        exec(source, module.__dict__)
        for value in vars(module).values():
            if isinstance(value, type):
                value.__module__ = value.__module__ if value.__module__.startswith("shared") else "made_realtime"
        service = find_service(module)
        return type(service).__name__, service_method(service)[0]

    def test_the_styles_in_their_order(self):
        base = "from shared.plugins.inference.serve import BaseInferenceService as B\n"
        styles = {
            "class X(B):\n  async def run_inference(self, inputs, parameters): pass\ndef get_inference_service(**k): return X()\nclass InferenceService:\n  def predict(self, r): pass": ("X", "run_inference"),
            "class InferenceService(B):\n  def __call__(self, inputs, parameters): pass\nclass RealtimeHandler:\n  def predict(self, r): pass": ("InferenceService", "__call__"),
            "class Odd:\n  def predict(self, r): pass\nclass OtherService:\n  def predict(self, r): pass\n__all__ = ['Odd']": ("Odd", "predict"),
            "class RealtimeHandler:\n  def predict(self, request): pass\nclass AService:\n  def predict(self, r): pass": ("RealtimeHandler", "predict"),
            "class MoodRealtimeService(B):\n  def _process_single(self, inputs, parameters): pass": ("MoodRealtimeService", "_process_single"),
            "class Only:\n  def run_inference(self, inputs, parameters): pass\nclass Config: pass": ("Only", "run_inference"),
        }
        for source, found in styles.items():
            with self.subTest(source.split("\n")[0]):
                self.assertEqual(self.service(base + source), found)

    def test_no_service_is_told(self):
        with self.assertRaisesRegex(LookupError, "realtime.py has no service"):
            self.service("x = 1")
        with self.assertRaisesRegex(LookupError, "no method to call"):
            self.service("class A: pass\ndef get_inference_service(): return A()")


class LoopsTest(unittest.TestCase):
    """Coroutines where the launcher denies sockets."""

    def test_an_event_loop_wakes_itself_through_pipes(self):
        import asyncio
        import os
        import socket

        kept = socket.socketpair
        socket.socketpair = lambda *arguments: tuple(PipeEnd(end) for end in os.pipe())
        try:
            async def threads():
                return await asyncio.to_thread(lambda: 7)

            self.assertEqual(asyncio.run(threads()), 7)
        finally:
            socket.socketpair = kept

    def test_a_value_that_is_not_awaited_is_itself(self):
        async def later():
            return 3

        self.assertEqual((settle(2), settle(later())), (2, 3))


if __name__ == "__main__":
    unittest.main()
