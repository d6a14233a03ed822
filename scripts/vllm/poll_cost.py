#!/usr/bin/env python3
"""Measures what a poll costs the API server of a running vLLM, in CPU time of that process.

    poll_cost.py --port N [--pid PID] [--rounds 6] [--polls 300] [--load]

Alternates blocks of polls of four kinds on one kept-alive connection: the whole page, the filtered page with gauges and
counters, the same with the histograms, and /health as the floor of any request. Before each block it watches the process
for a while without polling and takes that share off. Run it once against an idle server
and once with --load, which keeps two short requests going; the baseline then holds their share. The first thing it does is
to use the server, because an unused page lacks many samples. The PID is found from the listening port where not given.
Standard library only; Linux.
"""

import argparse
import http.client
import json
import os
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from record import Load, filtered  # noqa: E402

COUNTERS = [
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
]
HISTOGRAMS = [
    name + suffix
    for name in (
        "vllm:time_to_first_token_seconds",
        "vllm:inter_token_latency_seconds",
        "vllm:request_queue_time_seconds",
        "vllm:e2e_request_latency_seconds",
    )
    for suffix in ("_bucket", "_sum", "_count")
]
KINDS = {
    "whole page": "/metrics",
    "gauges, counters": filtered(COUNTERS),
    "and 4 histograms": filtered(COUNTERS + HISTOGRAMS),
    "/health": "/health",
}


class Target:
    def __init__(self, port):
        self.port = port

    def post(self, path, body, timeout=600):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            return type("Answer", (), {"status": response.status, "body": response.read()})
        finally:
            connection.close()


def listener(port):
    """The process that holds the listening socket, from /proc as `ss` would do it."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as file:
            for line in file.readlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if any(os.readlink(f"/proc/{pid}/fd/{fd}") in inodes for fd in os.listdir(f"/proc/{pid}/fd")):
                return int(pid)
        except OSError:
            continue
    raise SystemExit(f"nobody listens on port {port}")


def cpu_seconds(pid):
    """utime and stime of all threads; they count in ticks of 10 ms, so a block must last for many."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rest(pid, seconds):
    """CPU seconds per second of the process when nobody polls."""
    before, started = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / (time.monotonic() - started)


def block(pid, connection, path, polls, pause):
    """CPU seconds, wall seconds, the bytes of the last body."""
    before, started = cpu_seconds(pid), time.monotonic()
    for _ in range(polls):
        connection.putrequest("GET", path, skip_accept_encoding=True)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise SystemExit(f"{path} answered {response.status}")
        time.sleep(pause)
    return cpu_seconds(pid) - before, time.monotonic() - started, len(body)


def busy(target, stop):
    while not stop.is_set():
        Load(target).send(2, words=20, max_tokens=60).join()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--pid", type=int)
    arguments.add_argument("--rounds", type=int, default=6)
    arguments.add_argument("--polls", type=int, default=300)
    arguments.add_argument("--pause", type=float, default=0.005, help="seconds between polls")
    arguments.add_argument("--load", action="store_true")
    chosen = arguments.parse_args()
    pid = chosen.pid or listener(chosen.port)
    target = Target(chosen.port)
    Load(target).send(40, words=20, max_tokens=40).join()
    Load(target).send(4, words=8, max_tokens=16, chat=True).join()

    stop = threading.Event()
    worker = threading.Thread(target=busy, args=(target, stop), daemon=True)
    if chosen.load:
        worker.start()
        time.sleep(2)

    connection = http.client.HTTPConnection("127.0.0.1", chosen.port, timeout=30)
    costs = {kind: [] for kind in KINDS}
    sizes = {}
    for path in KINDS.values():  # the first of each kind pays for what is made once
        block(pid, connection, path, 10, 0)
    for _ in range(chosen.rounds):
        for kind, path in KINDS.items():
            baseline = rest(pid, 2)
            cpu, wall, sizes[kind] = block(pid, connection, path, chosen.polls, chosen.pause)
            costs[kind].append(1000 * (cpu - baseline * wall) / chosen.polls)
    if chosen.load:
        stop.set()
        worker.join()

    whole = statistics.median(costs["whole page"])
    print(f"process {pid}, {'light load' if chosen.load else 'idle'}, {chosen.rounds} rounds of {chosen.polls} polls each")
    print(f"{'kind':20} {'bytes':>7} {'ms CPU':>8} {'least':>7} {'most':>7} {'whole/this':>10}")
    for kind, values in costs.items():
        median = statistics.median(values)
        ratio = f"{whole / median:10.1f}" if median > 0 else ""
        print(f"{kind:20} {sizes[kind]:7} {median:8.3f} {min(values):7.3f} {max(values):7.3f} {ratio}")


if __name__ == "__main__":
    sys.exit(main())
