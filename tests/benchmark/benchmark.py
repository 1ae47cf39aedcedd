#!/usr/bin/python3
"""rxrun against PyTorch, in one command: a table as Markdown on standard output, and as Markdown and JSON in
BUILD/benchmark. README.md says what is compared with what.

  benchmark.py BUILD [PART...] [--rounds N] [--steps N] [--network WORDS] [--images FOLDER]

PARTS: step, inference, loader, epoch, sweep (all of them by default); scale has a program of its own.
"""
import argparse
import json
import os
import pathlib
import platform
import sys

import images
import pairs
import programs
import sweep

PRECISIONS = ("float32", "bfloat16")


def step_or_inference(options, work, network):
    """Against (a) the plain script, (b) two threads, (c, d) the expert's best; each plain one with an equal allocator too."""
    print(f"{work}, {network}", file=sys.stderr)
    version, threads = programs.torch_version(), os.cpu_count()
    ours = {precision: programs.rxrun(options.build, work, network, precision) for precision in PRECISIONS}
    tuned = {precision: programs.expert(work, network, threads, precision == "bfloat16", version) for precision in PRECISIONS}
    equal = programs.only_allocator(tuned["float32"].environment)
    plain = [programs.rival("PyTorch, as it starts", work, network, []),
             programs.rival("PyTorch, as it starts, allocator equal", work, network, [], equal)]
    threaded = [programs.rival(f"PyTorch, {threads} threads", work, network, ["--threads", threads]),
                programs.rival(f"PyTorch, {threads} threads, allocator equal", work, network, ["--threads", threads], equal)]
    alone = {precision: programs.Program(tuned[precision].name + ", its own allocator", tuned[precision].command,
                                         programs.without_allocator(tuned[precision].environment)) for precision in PRECISIONS}
    everything = [*ours.values(), *plain, *threaded, *tuned.values(), *alone.values()]
    taken = pairs.in_turn(everything, options.rounds, ["--steps", options.steps])

    parameters = {one["parameters"] for one in taken[0].values()}
    if len(parameters) != 1:
        raise RuntimeError(f"these are different networks: {parameters} parameters")
    compared = [(ours["bfloat16"], one) for one in plain]
    compared += [(ours[precision], one) for precision in PRECISIONS for one in threaded]
    compared += [(ours[precision], one[precision]) for precision in PRECISIONS for one in (alone, tuned)]
    names = [(a.name, b.name) for a, b in compared]
    memory = [(ours["float32"].name, threaded[0].name), *[(ours[p].name, tuned[p].name) for p in PRECISIONS]]
    return {"title": f"{'Training step' if work == 'step' else 'Inference'}: {network}",
            "programs": [program.described() for program in everything],
            "tables": {"images/s": [pairs.ratio(taken, a, b) for a, b in names],
                       "MiB of peak resident memory": [pairs.ratio(taken, a, b, "peak_mebibytes") for a, b in memory]},
            "rounds": taken}


def best_workers(folder, size):
    best, best_rate = None, 0.0
    for workers in (0, 1, 2, 3, 4, 6):
        program = programs.Program(f"ImageFolder and DataLoader, {workers} workers",
                                   [programs.PYTHON, programs.HERE / "rival_loader.py", folder, "--size", size, "--workers", workers])
        rate = program.measure(["--seconds", 2])["images_per_second"]
        print(f"  trial: {program.name}: {rate:.0f} images/s", file=sys.stderr)
        if rate > best_rate:
            best, best_rate = program, rate
    return best


def loader(options):
    results = []
    for kind, size in (("50×50 PNG", 50), ("50×50 PNG", 64), ("512×512 JPEG", 224)):
        folder = images.folder_of(kind, options)
        print(f"loader, {kind} to {size}", file=sys.stderr)
        rival = best_workers(folder, size)
        base = [pathlib.Path(options.build) / "tests/loader_benchmark", folder, "--size", size, "--threads", os.cpu_count()]
        ours = programs.Program("rxrun, decoded each time", base)
        kept = programs.Program("rxrun, decoded once", [*base, "--keep"])
        taken = pairs.in_turn([ours, kept, rival], options.rounds)
        results.append({"title": f"Loader: {kind} to {size}×{size}",
                        "programs": [program.described() for program in (ours, kept, rival)],
                        "tables": {"images/s": [pairs.ratio(taken, one.name, rival.name) for one in (ours, kept)]},
                        "rounds": taken})
    return results


def epoch(options):
    lines = ["| precision | images/s | of the bare step's rate | share of time waiting for data |", "| --- | ---: | ---: | ---: |"]
    rounds = []
    folder = images.folder_of("50×50 PNG", options)
    for precision in PRECISIONS:
        program = programs.rxrun(options.build, "epoch", next(iter(programs.NETWORKS)), precision)
        one = program.measure(["--data", folder, "--steps", 3])
        rounds.append({precision: one})
        lines.append(f"| {precision} | {one['images_per_second']:.1f} | {one['of_the_bare_step']:.3f} | {one['share_waiting']:.3f} |")
    return {"title": "A whole epoch from image files against the bare step", "text": "\n".join(lines), "rounds": rounds}


def markdown(results):
    out = [f"Machine: {results['machine']['processor']}, {results['machine']['cores']} cores, {results['machine']['system']}, "
           f"PyTorch {'.'.join(map(str, results['machine']['torch']))}. Medians of the ratios of rounds in turn.\n"]
    for part in results["parts"]:
        out.append(f"### {part['title']}\n")
        if "text" in part:
            out.append(part["text"] + "\n")
        for unit, comparisons in part.get("tables", {}).items():
            out.append(pairs.table(comparisons, unit, 0 if "MiB" in unit else 1) + "\n")
    return "\n".join(out)


def processor():
    for line in open("/proc/cpuinfo", encoding="utf-8"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("parts", nargs="*", metavar="PART", choices=["step", "inference", "loader", "epoch", "sweep", []])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--network", default="", help="only networks whose name has these words")
    parser.add_argument("--images", help="a folder of class folders of 50×50 PNG images instead of generated ones")
    options = parser.parse_args()
    parts = options.parts or ["step", "inference", "loader", "epoch", "sweep"]
    output = pathlib.Path(options.build) / "benchmark"
    output.mkdir(exist_ok=True)

    results = {"machine": {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform(),
                           "torch": programs.torch_version()}, "parts": []}
    for part in parts:
        if part in ("step", "inference"):
            for network in programs.NETWORKS:
                if options.network in network:
                    results["parts"].append(step_or_inference(options, part, network))
        else:
            done = {"loader": loader, "epoch": epoch, "sweep": sweep.run}[part](options)
            results["parts"] += done if isinstance(done, list) else [done]
        # After each part: what has been measured is not lost when a later one fails.
        (output / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
        (output / "results.md").write_text(markdown(results), encoding="utf-8")
    print(markdown(results))


if __name__ == "__main__":
    main()
