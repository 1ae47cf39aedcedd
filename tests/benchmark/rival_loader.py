#!/usr/bin/python3
"""The rival of loader.cpp: torchvision's ImageFolder and PyTorch's DataLoader. One line of JSON.

Decodes, resizes with antialiasing (as torchvision does with PIL images), flips half of the images, and hands out batches
of normalised floats. Workers are kept from pass to pass, and the first pass is not counted.
"""
import argparse
import json
import time

import torch
from torchvision import datasets, transforms

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("path", help="a folder with a folder of images a class")
parser.add_argument("--size", type=int, required=True)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--workers", type=int, required=True)
parser.add_argument("--seconds", type=float, default=4.0)
options = parser.parse_args()

torch.set_num_threads(1)  # of this process and of its workers, which take the cores themselves
data = datasets.ImageFolder(options.path, transforms.Compose([
    transforms.Resize((options.size, options.size)),
    transforms.RandomHorizontalFlip(),
    transforms.ToTensor(),
    transforms.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
]))
more = {"persistent_workers": True, "prefetch_factor": 4} if options.workers else {}
loader = torch.utils.data.DataLoader(data, batch_size=options.batch, shuffle=True, num_workers=options.workers, **more)
first = None
images, seconds = 0, 0.0
while seconds < options.seconds:
    began = time.perf_counter()
    count = sum(len(labels) for _, labels in loader)
    if first is None:
        first = count
        continue
    images, seconds = images + count, seconds + time.perf_counter() - began
print(json.dumps({"program": f"ImageFolder, {options.workers} workers", "images_per_second": images / seconds}))
