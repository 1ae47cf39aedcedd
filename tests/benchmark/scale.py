#!/usr/bin/python3
"""Cost as work grows: it should be flat. Markdown on standard output, JSON in BUILD/benchmark/scale.json.

  scale.py BUILD [--images 1000 10000 100000 1000000] [--runs 10 1000 10000] [--points 10 100 1000]
"""
import argparse
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

import programs

SIDE = 28

TINY = """name: tiny
network:
  plugins: [convnet]
  stem: [{conv: {channels: 4, kernel: 3, stride: 2}}, batch_norm, relu]
  head: [global_average_pool, flatten, linear]
data: {source: histology, sample: {histology: {images: 60}}, image_size: 16, batch: 8}
training: {epochs: 1, optimizer: {adam: {lr: 1e-2}}}
"""


def write_idx(folder, images):
    """As MNIST's files, of noise; a tenth as many for the test set."""
    for name, count in (("train", images), ("t10k", max(20, images // 10))):
        with open(folder / f"{name}-images-idx3-ubyte", "wb") as out:
            out.write(struct.pack(">IIII", 2051, count, SIDE, SIDE))
            for start in range(0, count, 10000):
                out.write(os.urandom(SIDE * SIDE * min(10000, count - start)))
        with open(folder / f"{name}-labels-idx1-ubyte", "wb") as out:
            out.write(struct.pack(">II", 2049, count) + bytes(number % 10 for number in range(count)))


def loader(build, images):
    with tempfile.TemporaryDirectory() as folder:
        write_idx(pathlib.Path(folder), images)
        command = [str(build / "tests/loader_benchmark"), folder, "--source", "idx", "--size", str(SIDE), "--keep", "--threads", "1"]
        began = time.perf_counter()
        measured = programs.measure(command)
        return {"images": images, "images_per_second": measured["images_per_second"],
                "seconds_to_read": time.perf_counter() - began - measured["seconds"]}


def sweep(build, points, run):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "tiny.yaml").write_text(TINY, encoding="utf-8")
        command = [str(build / "bin/rxrun"), "sweep", "tiny.yaml", f"seed=1..{points}", "-q", "--jobs", str(os.cpu_count())]
        began = time.perf_counter()
        subprocess.run(command + ([] if run else ["--plan"]), cwd=folder, check=True, capture_output=True)
        return {"points": points, "milliseconds_a_point": 1e3 * (time.perf_counter() - began) / points}


def alone(build):
    """One run of the same, as a user starts it: what no sweep can save."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "tiny.yaml").write_text(TINY, encoding="utf-8")
        began = time.perf_counter()
        subprocess.run([str(build / "bin/rxrun"), "tiny.yaml", "threads=1", "-q"], cwd=folder, check=True, capture_output=True)
        return {"milliseconds": 1e3 * (time.perf_counter() - began)}


def table(title, rows):
    names = list(rows[0])
    lines = [f"### {title}\n", "| " + " | ".join(name.replace("_", " ") for name in names) + " |", "| " + " | ".join("---:" for _ in names) + " |"]
    lines += ["| " + " | ".join(f"{row[name]:.1f}" if isinstance(row[name], float) else f"{row[name]:,}" for name in names) + " |" for row in rows]
    return "\n".join(lines) + "\n"


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("build", type=lambda text: pathlib.Path(text).resolve())
parser.add_argument("--images", type=int, nargs="*", default=[1000, 10_000, 100_000, 1_000_000])
parser.add_argument("--runs", type=int, nargs="*", default=[10, 1000, 10_000])
parser.add_argument("--points", type=int, nargs="*", default=[10, 100, 1000])
options = parser.parse_args()
work = {
    "The loader, images kept in memory": [(loader, options.build, count) for count in options.images],
    "An epoch into results.db": [(programs.measure, [str(options.build / "tests/record_benchmark"), str(count)]) for count in options.runs],
    "Planning a sweep": [(sweep, options.build, count, False) for count in options.points],
    "A sweep of runs that take next to nothing": [(sweep, options.build, count, True) for count in options.points],
    "One such run alone": [(alone, options.build)],
}
results = {}
for title, calls in work.items():
    for function, *arguments in calls:
        print(f"{title}: {arguments[1:] if len(arguments) > 1 else arguments}", file=sys.stderr)
        results.setdefault(title, []).append(function(*arguments))
    if title in results:
        print(table(title, results[title]))
(options.build / "benchmark").mkdir(exist_ok=True)
(options.build / "benchmark/scale.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
