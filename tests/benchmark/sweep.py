"""A sweep of eight points against the eight runs one after another with all threads."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import images
import programs

SEEDS = range(1, 9)


def seconds_of(command, folder):
    began = time.perf_counter()
    result = subprocess.run([str(word) for word in command], cwd=folder, text=True, capture_output=True)
    if result.returncode != 0:
        raise RuntimeError(f"{command} ended with {result.returncode}:\n{result.stdout[-1000:]}\n{result.stderr[-2000:]}")
    return time.perf_counter() - began


def run(options):
    program = pathlib.Path(options.build).resolve() / "bin/rxrun"
    experiment = (programs.HERE / "../../experiments/resnext50_breast.yaml").resolve()
    data = images.folder_of("50×50 PNG", options).resolve()
    settings = [f"data.path={data}", "data.split={train: 0.4, test: 0.05, validation: 0.05}", "epochs=2", "warm_up=0", "batch=64"]
    taken = []
    for _ in range(max(1, options.rounds // 3)):
        with tempfile.TemporaryDirectory() as folder:
            alone = sum(seconds_of([program, "run", experiment, *settings, f"seed={seed}", "--results", "alone", "-q"], folder)
                        for seed in SEEDS)
            together = seconds_of([program, "sweep", experiment, *settings, f"seed={SEEDS[0]}..{SEEDS[-1]}", "--results", "sweep", "-q"], folder)
        taken.append({"alone": alone, "sweep": together})
        print(f"  {json.dumps(taken[-1])}", file=sys.stderr)
    ratio = statistics.median(one["alone"] / one["sweep"] for one in taken)
    text = (f"Eight runs one after another, {os.cpu_count()} threads: {statistics.median(one['alone'] for one in taken):.1f} s. "
            f"The sweep of the eight: {statistics.median(one['sweep'] for one in taken):.1f} s. Ratio {ratio:.2f}, {len(taken)} pairs.")
    return {"title": "A sweep of eight points", "text": text, "ratio": ratio, "rounds": taken}
