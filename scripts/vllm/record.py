#!/usr/bin/env python3
"""Records byte-true pages of a real vLLM in known situations, for the tests to read.

    record.py VERSION [--into DIR] [--only plain,kv-full,multi-process,data-parallel] [--port 8190]

Starts `vllm.sh serve VERSION` once per group, makes load, and writes into DIR (default: the captures of the tests):

    vllm-VERSION-cpu/SITUATION.prom            the body of GET /metrics, byte for byte, asked without Accept-Encoding
    vllm-VERSION-cpu/SITUATION-filtered.prom   the same from /metrics/?name[]=..., where the server honours that
    vllm-VERSION-cpu/expected.csv              what a person knows to be true of each page, from the load that was made
    vllm-VERSION-cpu/answers.csv               status, size and body of the small endpoints

Standard library only. The server is ended with all its children, also when something fails.
"""

import argparse
import collections
import csv
import http.client
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CAPTURES = os.path.join(HERE, "..", "..", "src", "test", "resources", "captures")

Answer = collections.namedtuple("Answer", "status headers body")

HISTOGRAMS = [
    "vllm:time_to_first_token_seconds",
    "vllm:inter_token_latency_seconds",
    "vllm:time_per_output_token_seconds",
    "vllm:request_queue_time_seconds",
    "vllm:e2e_request_latency_seconds",
]
# All that a reader of load wants, under the new names and the old.
WANTED = [
    "vllm:num_requests_running",
    "vllm:num_requests_waiting",
    "vllm:kv_cache_usage_perc",
    "vllm:gpu_cache_usage_perc",
    "vllm:prompt_tokens_total",
    "vllm:generation_tokens_total",
    "vllm:request_success_total",
    "vllm:num_preemptions_total",
    "vllm:cache_config_info",
    "vllm:engine_sleep_state",
    "vllm:admission_rejections_total",
    "process_start_time_seconds",
] + [name + suffix for name in HISTOGRAMS for suffix in ("_bucket", "_sum", "_count")]


def filtered(names):
    return "/metrics/?" + "&".join("name[]=" + name for name in names)


TWO = filtered(WANTED[:2])
SMALL = [TWO, "/metrics/", "/load", "/v1/models", "/version", "/ping", "/health"]


class Server:
    """One vLLM process with its children, from launch to end."""

    def __init__(self, version, port, flags, log):
        self.version, self.port, self.flags, self.log = version, port, flags, log

    def __enter__(self):
        command = [os.path.join(HERE, "vllm.sh"), "serve", self.version, "--port", str(self.port), *self.flags]
        print("$", "vllm.sh", *command[1:], flush=True)
        self.process = subprocess.Popen(
            command, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True, env={**os.environ}
        )
        started = time.monotonic()
        try:
            while not self.healthy():
                if self.process.poll() is not None:
                    raise SystemExit(f"the server ended with {self.process.returncode} while loading; see {self.log.name}")
                if time.monotonic() - started > 400:
                    raise SystemExit(f"the server is not ready after 400 s; see {self.log.name}")
                time.sleep(0.5)
        except BaseException:
            self.__exit__()
            raise
        print(f"ready after {time.monotonic() - started:.0f} s", flush=True)
        return self

    def __exit__(self, *_):
        """All of its session, because EngineCore and Worker outlive the API server."""
        subprocess.run([os.path.join(HERE, "vllm.sh"), "stop", str(self.process.pid)], check=False)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def healthy(self):
        try:
            return self.get("/health").status == 200
        except OSError:
            return False

    def get(self, path, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            # By hand, because request() would add "Accept-Encoding: identity".
            connection.putrequest("GET", path, skip_accept_encoding=True)
            connection.endheaders()
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def page(self):
        answer = self.get("/metrics")
        if answer.status in (301, 302, 307, 308):  # old versions send /metrics to /metrics/
            answer = self.get("/metrics/")
        return answer.body

    def post(self, path, body, timeout=600):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()


class Load:
    """Requests sent all at once; afterwards it knows, from the answers, how many tokens the server was asked to handle."""

    def __init__(self, server):
        self.server = server
        self.lock = threading.Lock()
        self.finished = self.prompt_tokens = self.generation_tokens = 0
        self.failed = []
        self.threads = []

    def send(self, count, words, max_tokens, chat=False):
        dice = random.Random(len(self.threads))
        for _ in range(count):
            text = " ".join(dice.choice("load water kettle flame furnace tonight river seven".split()) for _ in range(words))
            body = {"model": "tiny", "max_tokens": max_tokens, "ignore_eos": True, "temperature": 1.0, "seed": dice.randrange(1 << 30)}
            if chat:
                path, body["messages"] = "/v1/chat/completions", [{"role": "user", "content": text}]
            else:
                path, body["prompt"] = "/v1/completions", text
            thread = threading.Thread(target=self.one, args=(path, body), daemon=True)
            self.threads.append(thread)
            thread.start()
        return self

    def one(self, path, body):
        try:
            answer = self.server.post(path, body)
            usage = json.loads(answer.body)["usage"]
        except (OSError, KeyError, ValueError) as problem:
            with self.lock:
                self.failed.append(repr(problem))
            return
        with self.lock:
            self.finished += 1
            self.prompt_tokens += usage["prompt_tokens"]
            self.generation_tokens += usage["completion_tokens"]

    def join(self):
        for thread in self.threads:
            thread.join()
        if self.failed:
            raise SystemExit(f"{len(self.failed)} requests failed: {self.failed[0]}")
        return self


def total(page, family):
    """The sum over all label sets of one sample name, None where the page has none. Crude, and apart from any reader under test."""
    values = re.findall(rb"^" + re.escape(family.encode()) + rb"(?:\{[^\n]*\})? (\S+)", page, re.M)
    return sum(map(float, values)) if values else None


def one_of(page, *families):
    return next((family for family in families if total(page, family) is not None), families[0])


class Recorder:
    def __init__(self, version, into):
        self.directory = os.path.join(into, f"vllm-{version}-cpu")
        os.makedirs(self.directory, exist_ok=True)
        self.expected = self.table("expected.csv", ["file", "quantity", "value", "family"])
        self.answers = self.table("answers.csv", ["situation", "path", "status", "bytes", "content_type", "location", "body"])

    def table(self, name, header):
        """The rows so far, so that one group can be recorded again by itself."""
        path = os.path.join(self.directory, name)
        if not os.path.exists(path):
            return [header]
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.reader(file))

    def save(self):
        for name, rows in (("expected.csv", self.expected), ("answers.csv", self.answers)):
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(rows)
            with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
                file.write(text.getvalue())

    def until(self, server, what, reached, seconds=60):
        """Asks for pages as fast as they come until one shows the situation; that very page is kept."""
        deadline = time.monotonic() + seconds
        while True:
            page = server.page()
            if reached(page):
                return page
            if time.monotonic() > deadline:
                raise SystemExit(f"{what}: not reached within {seconds} s")
            time.sleep(0.02)

    def keep(self, situation, page, truth):
        self.write(situation, page)
        self.expect(f"{situation}.prom", page, truth)

    def keep_filtered(self, server, situation, truth, reached):
        """Only what holds for both pages is promised of this one: it is asked for a moment later."""
        answer = server.get(filtered(WANTED))
        families = len(re.findall(rb"^# TYPE ", answer.body, re.M))
        if answer.status == 200 and families <= len(WANTED) and total(answer.body, RUNNING) is not None:
            while not reached(answer.body):
                answer = server.get(filtered(WANTED))
            self.write(f"{situation}-filtered", answer.body)
            self.expect(f"{situation}-filtered.prom", answer.body, truth)

    def write(self, name, page):
        if len(page) > 100_000:
            raise SystemExit(f"{name}: {len(page)} bytes is too large to keep")
        with open(os.path.join(self.directory, f"{name}.prom"), "wb") as file:
            file.write(page)
        print(f"{name}.prom: {len(page)} bytes", flush=True)

    def expect(self, file, page, truth):
        self.expected = [row for row in self.expected if row[0] != file]
        for quantity, (value, *families) in truth.items():
            family = one_of(page, *families)
            seen = total(page, family)
            if seen is None:  # such as everything but cache_config_info on a fresh page of several processes
                print(f"  MIND: {file}: no sample of {family}", flush=True)
                continue
            self.expected.append([file, quantity, str(int(value)) if value == int(value) else repr(value), family])
            if abs(seen - value) > 1e-9:
                print(f"  MIND: {file}: {family} is {seen} on the page, {value} in truth", flush=True)

    def ask(self, server, situation):
        self.answers = [row for row in self.answers if row[0] != situation]
        for path in ["/metrics", *SMALL]:
            try:
                answer = server.get(path)
            except OSError as problem:
                self.answers.append([situation, path, "", "", "", "", repr(problem)])
                continue
            page = b"# HELP" in answer.body
            families = len(re.findall(rb"^# TYPE ", answer.body, re.M))
            self.answers.append([
                situation, path, answer.status, len(answer.body),
                answer.headers.get("content-type", ""), answer.headers.get("location", ""),
                f"a page of {families} families" if page else re.sub(r'("created":)\d+', r"\g<1>0", answer.body.decode()[:400]),
            ])


RUNNING = "vllm:num_requests_running"
WAITING = "vllm:num_requests_waiting"
KV = ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc")
TPOT = ("vllm:inter_token_latency_seconds_count", "vllm:time_per_output_token_seconds_count")


def nothing_done():
    return {
        "prompt_tokens": (0, "vllm:prompt_tokens_total"),
        "generation_tokens": (0, "vllm:generation_tokens_total"),
        "finished": (0, "vllm:request_success_total"),
    }


def idle(kv=True):
    gauges = {"running": (0, RUNNING), "waiting": (0, WAITING)}
    return {**gauges, "kv_use": (0, *KV)} if kv else gauges


def done(load):
    """What the clients counted themselves. Each token but a request's first has an inter-token latency."""
    return {
        "prompt_tokens": (load.prompt_tokens, "vllm:prompt_tokens_total"),
        "generation_tokens": (load.generation_tokens, "vllm:generation_tokens_total"),
        "finished": (load.finished, "vllm:request_success_total"),
        "first_tokens": (load.finished, "vllm:time_to_first_token_seconds_count"),
        "inter_tokens": (load.generation_tokens - load.finished, *TPOT),
        "queued": (load.finished, "vllm:request_queue_time_seconds_count"),
        "end_to_end": (load.finished, "vllm:e2e_request_latency_seconds_count"),
    }


def showing(running, waiting):
    return lambda page: total(page, RUNNING) == running and total(page, WAITING) == waiting


def plain(record, server):
    """One process, at most 4 running: fresh, loaded with 40 requests, idle after use."""
    record.keep("fresh", server.page(), {**idle(), **nothing_done()})
    record.keep_filtered(server, "fresh", {**idle(), **nothing_done()}, lambda page: True)
    record.ask(server, "fresh")

    load = Load(server).send(6, words=12, max_tokens=24).join()
    load.send(2, words=8, max_tokens=16, chat=True).join()
    load.send(40, words=20, max_tokens=400)
    full = {"running": (4, RUNNING), "waiting": (36, WAITING)}
    record.keep("loaded", record.until(server, "loaded", showing(4, 36)), full)
    record.keep_filtered(server, "loaded", full, showing(4, 36))
    record.ask(server, "loaded")
    load.join()

    settled = record.until(server, "used", lambda page: showing(0, 0)(page) and total(page, one_of(page, *KV)) == 0)
    record.keep("used", settled, {**idle(), **done(load)})
    record.keep_filtered(server, "used", {**idle(), **done(load)}, lambda page: True)
    record.ask(server, "used")


def kv_full(record, server):
    """A cache too small for the 30 requests that may all run: the blocks end before the slots do."""
    load = Load(server).send(30, words=60, max_tokens=250)

    # The old engine (0.8) keeps a hundredth of the blocks back, so it never shows 1.
    enough = 0.95 if server.version.startswith("0.8.") else 1

    def full(page):
        return total(page, one_of(page, *KV)) >= enough

    def all_there(page):
        return full(page) and total(page, RUNNING) + total(page, WAITING) == 30

    page = record.until(server, "kv-full", all_there)
    use = total(page, one_of(page, *KV))
    gauges = {"running": (total(page, RUNNING), RUNNING), "waiting": (30 - total(page, RUNNING), WAITING), "kv_use": (use, *KV)}
    record.keep("kv-full", page, gauges)
    if use == 1:
        record.keep_filtered(server, "kv-full", {"kv_use": (1, *KV)}, full)
    record.ask(server, "kv-full")
    load.join()


def multi_process(record, server):
    """Two API servers in front of one engine: the page is put together from files that both write."""
    record.keep("multi-process-fresh", server.page(), {})  # mind: HELP and TYPE, but no sample of the gauges
    record.ask(server, "multi-process-fresh")
    load = Load(server).send(40, words=20, max_tokens=400)
    page = record.until(server, "multi-process-loaded", showing(4, 36))
    record.keep("multi-process-loaded", page, {"running": (4, RUNNING), "waiting": (36, WAITING)})
    record.ask(server, "multi-process-loaded")
    load.join()
    page = record.until(server, "multi-process-used", showing(0, 0))
    record.keep("multi-process-used", page, {**idle(kv=False), **done(load)})


def data_parallel(record, server):
    """Two engines of 4 slots each behind one port: their gauges add up."""
    load = Load(server).send(6, words=12, max_tokens=24).join()
    load.send(40, words=20, max_tokens=400)
    page = record.until(server, "data-parallel-loaded", showing(8, 32))
    record.keep("data-parallel-loaded", page, {"running": (8, RUNNING), "waiting": (32, WAITING)})
    record.ask(server, "data-parallel-loaded")
    load.join()


GROUPS = {
    "plain": (plain, []),
    "kv-full": (kv_full, ["--max-num-seqs", "32", "--num-gpu-blocks-override", "17", "--enable-server-load-tracking"]),
    "multi-process": (multi_process, ["--api-server-count", "2"]),
    "data-parallel": (data_parallel, ["--data-parallel-size", "2"]),
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("version")
    arguments.add_argument("--into", default=CAPTURES)
    arguments.add_argument("--only", default=",".join(GROUPS))
    arguments.add_argument("--port", type=int, default=8190)
    arguments.add_argument("--log", default=os.devnull, help="where the server's output goes")
    chosen = arguments.parse_args()
    record = Recorder(chosen.version, chosen.into)
    with open(chosen.log, "ab") as log:
        for name in chosen.only.split(","):
            situation, flags = GROUPS[name]
            if chosen.version.startswith(("0.8.", "0.9.")):
                flags = ["136" if flag == "17" else flag for flag in flags]  # blocks of 16 tokens, not 128
            try:
                with Server(chosen.version, chosen.port, flags, log) as server:
                    situation(record, server)
            finally:
                record.save()


if __name__ == "__main__":
    sys.exit(main())
