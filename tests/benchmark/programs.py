"""The programs that are compared, and how each is started."""
import glob
import itertools
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")

# The networks, as either side names them.
def as_either_says(name, experiment, size, batch):
    images = ["--size", size, "--batch", batch]
    return {"rxrun": ["--experiment", str(HERE / "../../experiments" / experiment), *images], "rival": ["--network", name, *images]}


NETWORKS = {
    f"{name}, {size}×{size}, batch {batch}": as_either_says(name, experiment, size, batch)
    for name, experiment in (("article", "resnext50_breast.yaml"), ("resnext50_32x4d", "resnext50_32x4d.yaml"))
    for size, batch in ((64, 64), (224, 16))
}


def library(name):
    found = sorted(glob.glob(f"/usr/lib/*/{name}"))
    return found[0] if found else None


def allocators():
    """Environments that make freed memory stay with the process, by name; those whose library is installed."""
    keep = {"glibc": {"GLIBC_TUNABLES": "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=2147483647:"
                                        "glibc.malloc.top_pad=67108864:glibc.malloc.hugetlb=1"}}
    jemalloc, tcmalloc = library("libjemalloc.so.2"), library("libtcmalloc_minimal.so.4")
    if jemalloc:
        keep["jemalloc"] = {"LD_PRELOAD": jemalloc,
                            "MALLOC_CONF": "oversize_threshold:0,dirty_decay_ms:-1,muzzy_decay_ms:-1,thp:always"}
    if tcmalloc:
        keep["tcmalloc"] = {"LD_PRELOAD": tcmalloc, "TCMALLOC_RELEASE_RATE": "0",
                            "TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES": str(1 << 30)}
    return keep


def without_allocator(environment):
    """What is left of an expert's environment when the allocator is taken as it comes."""
    kept = {name: value for name, value in environment.items() if name == "ATEN_CPU_CAPABILITY"}
    sleef = [path for path in environment.get("LD_PRELOAD", "").split() if "sleef" in path]
    return dict(kept, **({"LD_PRELOAD": " ".join(sleef)} if sleef else {}))


def only_allocator(environment):
    return {name: value for name, value in environment.items() if name != "ATEN_CPU_CAPABILITY"}


def measure(command, environment=None, timeout=3600):
    """Runs a program that prints one line of JSON."""
    variables = dict(os.environ, **(environment or {}))
    result = subprocess.run(command, env=variables, text=True, capture_output=True, timeout=timeout)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {result.returncode}:\n{result.stderr[-2000:]}")
    return json.loads(result.stdout.strip().splitlines()[-1])


class Program:
    def __init__(self, name, command, environment=None):
        self.name, self.command, self.environment = name, [str(word) for word in command], environment or {}

    def measure(self, more=()):
        return measure(self.command + [str(word) for word in more], self.environment)

    def described(self):
        return {"name": self.name, "command": self.command, "environment": self.environment}


def rxrun(build, work, network, precision, threads=0):
    return Program(f"rxrun, {precision}",
                   [pathlib.Path(build) / "tests/step_benchmark", work, *NETWORKS[network]["rxrun"],
                    "--precision", precision, "--threads", threads])


def rival(name, work, network, options, environment=None):
    return Program(name, [PYTHON, HERE / "rival.py", work, *NETWORKS[network]["rival"], *options], environment)


def torch_version():
    out = subprocess.run([PYTHON, "-c", "import torch; print(torch.__version__)"], text=True, capture_output=True, check=True)
    return tuple(int(part) for part in out.stdout.split(".")[:2])


def expert_candidates(work, network, threads, bfloat16, version):
    """Every way of an expert's that could be the fastest here."""
    base = ["--threads", threads, "--channels-last", "--flush-denormal"] + (["--bfloat16"] if bfloat16 else [])
    kinds = {"eager": []}
    if work == "inference":
        kinds["frozen"] = ["--freeze"]
    else:
        kinds = {"eager": ["--adam", "foreach"]}
        if version >= (2, 4):
            kinds["eager, fused"] = ["--adam", "fused"]
    if version >= (2, 0):
        kinds.update({kind.replace("eager", "compiled"): words + ["--compile"] for kind, words in kinds.items() if "eager" in kind})
    capabilities = {"": {}, "avx512": {"ATEN_CPU_CAPABILITY": "avx512"}} if version < (2, 0) else {"": {}}
    for (kind, words), (capability, variables), (allocator, keep) in itertools.product(
            kinds.items(), capabilities.items(), allocators().items()):
        environment = dict(variables, **keep)
        # Debian's torch.compile finds vector instructions only with this library at hand.
        sleef = library("libsleef.so.3")
        if "--compile" in words and sleef:
            environment["LD_PRELOAD"] = " ".join(filter(None, [environment.get("LD_PRELOAD"), sleef]))
        name = ", ".join(filter(None, [kind, capability, allocator]))
        yield rival(name, work, network, base + words, environment)


def expert(work, network, threads, bfloat16, version):
    """The fastest of them, by a short trial of each."""
    best, best_rate = None, 0.0
    for program in expert_candidates(work, network, threads, bfloat16, version):
        trial = program.measure(["--steps", 2, "--warm-up", 2])
        rate = trial["images_per_second"]
        instructions = f" (compiled for {trial['vectorised']})" if trial["vectorised"] else ""
        print(f"  trial: {program.name}: {rate:.1f} images/s{instructions}", file=sys.stderr)
        if rate > best_rate:
            best, best_rate = program, rate
    best.name = f"PyTorch, tuned, {'bfloat16' if bfloat16 else 'float32'} ({best.name})"
    return best
