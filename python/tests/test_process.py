"""The host as a process: frames, the log, and plugins that disturb both."""

import unittest

from tests.host_process import HostProcess, files_below
from tests.support import PluginTest, numbers, row


class ProcessTest(PluginTest):
    """What the server sees of it."""

    def test_inspect_load_probe_run_and_realtime_answer_by_their_ids(self):
        folder = self.copy("letter_triples")
        before = files_below(folder)

        with HostProcess(folder) as host:
            read = host.ask("inspect", folder=folder)
            loaded = host.ask("load", folder=folder)
            probed = host.ask("probe")
            ran = host.ask("run", rows=[row("1", "loose stones")])
            answered = host.ask("realtime", inputs={"text": "loose stones"})

        self.assertEqual([got["id"] for got in (read, loaded, ran)], ["inspect", "load", "run"])
        self.assertEqual((loaded["entry"], loaded["realtime"], loaded["errors"]), ("build_steps", True, []))
        self.assertEqual((probed["errors"], probed["warnings"]), ([], []))
        vector = ran["results"][0]["documents"][0]["vectors"]["triples_embedding"]
        self.assertEqual((len(numbers(vector)), answered["vector"]), (40, vector))
        self.assertEqual((host.code, host.left_on_stdout), (0, b""))
        self.assertEqual(files_below(folder), before)

    def test_what_a_plugin_prints_and_reads_stays_out_of_the_frames(self):
        step = (
            "import os, sys\n"
            "def shout(batch):\n"
            "    print('from print')\n"
            "    os.write(1, b'{\"message\": \"from the descriptor\"}\\n')\n"
            "    batch['read'] = [sys.stdin.read() + '!'] * len(batch)\n"
            "    return batch\n"
            "def build_steps(extractor_request): return [shout]\n"
        )
        folder = self.plugin({"pipeline.py": step})

        with HostProcess(folder) as host:
            host.ask("load", folder=folder)
            ran = host.ask("run", rows=[row("1", "a")])

        self.assertEqual(ran["results"][0]["documents"][0]["fields"], {"read": "!"})
        self.assertEqual([line["message"] for line in host.log], ["from print", "from the descriptor"])
        self.assertEqual(host.log[0], {"level": "info", "message": "from print", "step": "step 0 (shout)", "object_id": None})

    def test_a_plugin_that_exits_fails_its_rows_and_the_host_goes_on(self):
        step = "import sys\ndef leave(batch): sys.exit(3)\ndef build_steps(extractor_request): return [leave]\n"
        folder = self.plugin({"pipeline.py": step})

        with HostProcess(folder) as host:
            host.ask("load", folder=folder)
            first = host.ask("run", rows=[row("1", "a"), row("2", "b")])
            second = host.ask("run", rows=[])

        message = "step 0 (leave): SystemExit: 3 (pipeline.py:2)"
        self.assertEqual([result["failed"]["message"] for result in first["results"]], [message] * 2)
        self.assertEqual(second["results"], [])

    def test_requests_that_make_no_sense_are_answered(self):
        with HostProcess(self.plugin({})) as host:
            host.send(b"[]")
            shapeless = host.read()
            unknown = host.ask("dance")
            early = host.ask("run", rows=[])
            wrong = host.ask("load", folder=3)

        self.assertEqual((shapeless["ok"], shapeless["error"]["kind"]), (False, "request"))
        self.assertIn("no operation 'dance'", unknown["error"]["message"])
        self.assertEqual(early["error"]["kind"], "not_loaded")
        self.assertEqual(wrong["error"]["message"], "folder must be text")

    def test_a_broken_pipeline_is_told_with_its_place(self):
        folder = self.plugin({"pipeline.py": "x = 1\nimport not_installed_here\n"})

        with HostProcess(folder) as host:
            loaded = host.ask("load", folder=folder)
            ran = host.ask("run", rows=[row("1", "a")])

        (error,) = loaded["errors"]
        self.assertTrue(error.startswith("pipeline.py:2:"), error)
        self.assertIn("No module named 'not_installed_here'", error)
        self.assertIn("name it in the manifest's dependencies", error)
        self.assertEqual((loaded["entry"], ran["error"]["kind"]), (None, "not_loaded"))


if __name__ == "__main__":
    unittest.main()
