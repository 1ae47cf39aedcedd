#!/usr/bin/python3
"""The rival of step.cpp: a training step of the article's network in plain PyTorch; and the comparison of both.

  step.py measure --threads N      one measurement, as a line of JSON
  step.py report FILE              pairs of measurements -> Markdown on standard output, JSON beside FILE
"""
import argparse
import json
import statistics
import sys
import time


def measure(arguments):
    import torch
    import torchvision

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    # groups × width per group so that the grouped convolution is as wide as its stage's planes: the article's rule.
    network = torchvision.models.resnet.ResNet(
        torchvision.models.resnet.Bottleneck, [3, 4, 6, 3], num_classes=2, groups=32, width_per_group=2)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    pixels = torch.randn(arguments.batch, 3, arguments.size, arguments.size)
    labels = torch.randint(0, 2, (arguments.batch,))
    seconds = []
    for _ in range(arguments.warm_up + arguments.steps):
        began = time.perf_counter()
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(pixels), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        seconds.append(time.perf_counter() - began)
    print(json.dumps({
        "program": f"PyTorch {torch.__version__}, " + (f"{arguments.threads} threads" if arguments.threads else "as it starts"),
        "threads": torch.get_num_threads(),
        "parameters": sum(p.numel() for p in network.parameters()),
        "images_per_second": arguments.batch / statistics.median(seconds[arguments.warm_up:]),
    }))


def report(arguments):
    rounds = [json.loads(line) for line in open(arguments.file, encoding="utf-8")]
    ours = rounds[0][0]["program"]
    rows = []
    for place in range(1, len(rounds[0])):
        ratios = [one[0]["images_per_second"] / one[place]["images_per_second"] for one in rounds]
        rows.append({
            "rival": rounds[0][place]["program"],
            "rival_images_per_second": statistics.median(one[place]["images_per_second"] for one in rounds),
            "images_per_second": statistics.median(one[0]["images_per_second"] for one in rounds),
            "ratio": statistics.median(ratios),
            "lowest": min(ratios),
            "highest": max(ratios),
            "pairs": len(ratios),
        })
    print(f"Training step, {rounds[0][0]['parameters']:,} parameters; {ours}; median of the ratios of pairs measured in turn.\n")
    print("| against | its images/s | ours | ratio | lowest | highest | pairs |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for row in rows:
        print(f"| {row['rival']} | {row['rival_images_per_second']:.1f} | {row['images_per_second']:.1f} | {row['ratio']:.2f} "
              f"| {row['lowest']:.2f} | {row['highest']:.2f} | {row['pairs']} |")
    with open(arguments.file + ".json", "w", encoding="utf-8") as out:
        json.dump({"program": ours, "comparisons": rows}, out, indent=1)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
commands = parser.add_subparsers(required=True)
command = commands.add_parser("measure")
command.add_argument("--threads", type=int, default=0)
command.add_argument("--batch", type=int, default=64)
command.add_argument("--size", type=int, default=64)
command.add_argument("--steps", type=int, default=3)
command.add_argument("--warm-up", type=int, default=2)
command.set_defaults(run=measure)
command = commands.add_parser("report")
command.add_argument("file")
command.set_defaults(run=report)
chosen = parser.parse_args()
sys.exit(chosen.run(chosen))
