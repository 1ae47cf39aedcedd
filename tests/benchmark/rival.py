#!/usr/bin/python3
"""The rival: training steps and inference of a network in plain PyTorch, the way its users write them. One line of JSON.

  rival.py step      --network article|resnext50_32x4d [--threads N] [--channels-last] [--bfloat16] [--compile] ...
  rival.py inference the same; --freeze makes it a traced, frozen program with batch norm folded in

Without options it is the script of a tutorial; with all of them it is what an expert makes of it. The rest of the expert's
work is in the environment (allocator, ATEN_CPU_CAPABILITY), which programs.py sets.
"""
import argparse
import contextlib
import json
import resource
import statistics
import sys
import time

import torch
import torchvision


def network_of(name):
    if name == "article":
        # groups × width per group so that the grouped convolution is as wide as its stage's planes: the article's rule.
        return torchvision.models.resnet.ResNet(
            torchvision.models.resnet.Bottleneck, [3, 4, 6, 3], num_classes=2, groups=32, width_per_group=2)
    return torchvision.models.resnext50_32x4d(num_classes=2)


def inputs(options):
    pixels = torch.randn(options.batch, 3, options.size, options.size)
    labels = torch.randint(0, 2, (options.batch,))
    if options.channels_last:
        pixels = pixels.to(memory_format=torch.channels_last)
    return pixels, labels


def autocast(options):
    return torch.autocast("cpu", dtype=torch.bfloat16) if options.bfloat16 else contextlib.nullcontext()


def steps(options, network):
    # foreach came with 1.12, fused for the CPU with 2.4; the tutorial names neither.
    kind = {"foreach": {"foreach": True}, "fused": {"fused": True}, "": {}}[options.adam]
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4, **kind)
    model = torch.compile(network) if options.compile else network
    pixels, labels = inputs(options)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with autocast(options):
            loss = torch.nn.functional.cross_entropy(model(pixels).float(), labels)
        loss.backward()
        optimizer.step()
        loss.item()
    return step


def inference(options, network):
    network.eval()
    pixels, _ = inputs(options)
    model = torch.compile(network) if options.compile else network
    if options.freeze:
        with torch.no_grad(), autocast(options):
            # The cache of casts is no part of a traced program.
            torch.set_autocast_cache_enabled(False)
            model = torch.jit.freeze(torch.jit.trace(network, pixels))

    def forward():
        with torch.inference_mode(), autocast(options):
            return model(pixels)
    return forward


def vectorised():
    """Whether torch.compile has vector instructions: it goes without, and says nothing, when something is missing."""
    try:
        from torch._inductor.cpu_vec_isa import pick_vec_isa
    except ImportError:
        try:
            from torch._inductor.codecache import pick_vec_isa
        except ImportError:
            return None
    return str(pick_vec_isa())


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("work", choices=["step", "inference"])
parser.add_argument("--network", default="article", choices=["article", "resnext50_32x4d"])
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--size", type=int, default=64)
parser.add_argument("--steps", type=int, default=3)
parser.add_argument("--warm-up", type=int, default=2)
parser.add_argument("--threads", type=int, default=0, help="0: as PyTorch starts")
parser.add_argument("--channels-last", action="store_true")
parser.add_argument("--bfloat16", action="store_true")
parser.add_argument("--adam", default="", choices=["", "foreach", "fused"])
parser.add_argument("--compile", action="store_true")
parser.add_argument("--freeze", action="store_true")
parser.add_argument("--flush-denormal", action="store_true")
options = parser.parse_args()

torch.manual_seed(0)
if options.threads:
    torch.set_num_threads(options.threads)
if options.flush_denormal:
    torch.set_flush_denormal(True)
network = network_of(options.network)
if options.channels_last:
    network = network.to(memory_format=torch.channels_last)
run = {"step": steps, "inference": inference}[options.work](options, network)
seconds = []
for _ in range(options.warm_up + options.steps):
    began = time.perf_counter()
    run()
    seconds.append(time.perf_counter() - began)
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "program": f"PyTorch {torch.__version__}",
    "threads": torch.get_num_threads(),
    "parameters": sum(p.numel() for p in network.parameters()),
    "images_per_second": options.batch / statistics.median(seconds[options.warm_up:]),
    "page_faults": usage.ru_minflt,
    "peak_mebibytes": usage.ru_maxrss // 1024,
    "vectorised": vectorised() if options.compile else None,
}))
sys.stdout.flush()
