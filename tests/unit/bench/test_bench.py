"""The mock provider answers as its page says, the load generator counts what it got, and tests/bench/run measures.

    test_bench.py BUILD
"""
import contextlib
import http.client
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

BUILD = pathlib.Path(sys.argv.pop(1))
ROOT = pathlib.Path(__file__).resolve().parents[3]


class Mock:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([BUILD / "bench/bench_mock", "0", *map(str, arguments)], stdout=subprocess.PIPE,
                                        text=True)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait(10) == 0
        self.process.stdout.close()

    def post(self, connection, body):
        connection.request("POST", "/v1/chat/completions", json.dumps(body))
        return connection.getresponse()

    def connect(self):
        return contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10))


def events(text):
    return [e[len("data: "):] for e in text.decode().split("\n\n") if e]


def load(mock, *arguments):
    done = subprocess.run([BUILD / "bench/bench_load", "--http", *arguments, "127.0.0.1:%d" % mock.port],
                          stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


class MockProvider(unittest.TestCase):
    def test_whole(self):
        with Mock(3) as mock, mock.connect() as connection:
            answer = json.load(mock.post(connection, {"messages": []}))
        self.assertEqual(answer["choices"][0]["message"]["content"], " token token token")
        self.assertEqual(answer["usage"]["completion_tokens"], 3)

    def test_streams_on_a_kept_connection(self):
        with Mock(3) as mock, mock.connect() as connection:
            for _ in range(2):
                got = events(mock.post(connection, {"stream": True}).read())
                self.assertEqual(len(got), 3 + 4)
                self.assertEqual(got[-1], "[DONE]")
                self.assertEqual(json.loads(got[-3])["choices"][0]["finish_reason"], "stop")
                self.assertEqual(json.loads(got[-2])["usage"]["completion_tokens"], 3)

    def test_paced(self):
        with Mock(4, 30000) as mock, mock.connect() as connection:
            begin = time.monotonic()
            got = events(mock.post(connection, {"stream": True}).read())
            taken = time.monotonic() - begin
        self.assertEqual(len(got), 4 + 4)
        self.assertGreaterEqual(taken, 5 * 0.030)  # a gap before each piece and before the end

    def test_a_client_that_leaves_is_forgotten(self):
        with Mock(1000, 1000) as mock:
            with mock.connect() as leaver:
                mock.post(leaver, {"stream": True}).read(10)
            with mock.connect() as another:
                self.assertEqual(mock.post(another, {}).status, 200)


class LoadGenerator(unittest.TestCase):
    def test_counts_whole_answers(self):
        with Mock(3) as mock:
            got = load(mock, "--concurrency", "4", "--seconds", "1")
        self.assertGreater(got["calls"], 4)
        self.assertEqual((got["errors"], got["events"]), (0, 0))
        self.assertLessEqual(got["call_p50_ms"], got["call_p99_ms"])

    def test_counts_events_and_times_the_first_word(self):
        with Mock(3, 20000) as mock:
            got = load(mock, "--stream", "--concurrency", "4", "--seconds", "1")
        self.assertEqual(got["events"], got["calls"] * (3 + 4))
        self.assertGreaterEqual(got["first_p50_ms"], 20)  # the event with the role came at once
        self.assertGreater(got["call_p50_ms"], got["first_p50_ms"])


class Run(unittest.TestCase):
    def test_measures(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "figures.json"
            subprocess.run([ROOT / "tests/bench/run", "--build", BUILD, "--seconds", "1", "--rounds", "1", "--streams",
                            "20", "--json", path, "burst", "idle"], stdout=subprocess.PIPE, check=True, timeout=100)
            figures = json.loads(path.read_text())
        through = figures["burst"][0]["sluice"]
        self.assertEqual(through["errors"], 0)
        self.assertGreaterEqual(through["events"], through["calls"] * 34)  # pieces, started, finished at least
        self.assertGreater(figures["burst"][0]["cpu_us_per_event"], 0)
        self.assertEqual(figures["idle"]["streams"], 20)
        self.assertGreater(figures["idle"]["idle_kb"], 0)


if __name__ == "__main__":
    unittest.main()
