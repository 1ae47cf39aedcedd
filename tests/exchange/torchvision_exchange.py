#!/usr/bin/python3
"""torchvision's networks and rxrun's, through safetensors files: weights that either side writes load in the other, and
the logits agree to 1e-4 of the largest.

  torchvision_exchange.py PROBE EXPERIMENTS      exit code 77 where torchvision is not installed

The file format is written and read here by its description, so that a mistake of rxrun's own reader cannot hide.
"""
import ctypes
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import torch
    import torchvision
except ImportError:
    sys.exit(77)

TYPES = {torch.float32: "F32", torch.int64: "I64"}


def write(path, tensors):
    header, offset = {}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            kept = tensor.detach().contiguous()
            file.write(ctypes.string_at(kept.data_ptr(), kept.numel() * kept.element_size()))


def read(path):
    content = pathlib.Path(path).read_bytes()
    size = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8:8 + size]), content[8 + size:]
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            dtype = {kind: dtype for dtype, kind in TYPES.items()}[entry["dtype"]]
            tensors[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=dtype).reshape(entry["shape"])
    return tensors


def trained_looking(network):
    """Batch norm as training leaves it: neither means of 0 nor deviations of 1."""
    for name, buffer in network.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.1)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
        else:
            buffer.fill_(12)
    return network.eval()


def exchange(probe, experiment, network, folder):
    weights, images, logits, again = (folder / f"{name}.safetensors" for name in ("weights", "images", "logits", "again"))
    batch = torch.randn(2, 3, 64, 64)
    write(weights, network.state_dict())
    write(images, {"images": batch})
    subprocess.run([probe, experiment, weights, images, logits, again], check=True)
    with torch.no_grad():
        wanted = network(batch)
    error = ((read(logits)["logits"] - wanted).abs().max() / wanted.abs().max()).item()
    print(f"{experiment.name}: logits differ by {error:.1e} of the largest")
    assert error < 1e-4, error
    returned = read(again)
    for name, tensor in network.state_dict().items():
        assert torch.equal(returned[name], tensor), f"{name} came back changed"
    network.load_state_dict(returned, strict=True)


torch.manual_seed(0)
with tempfile.TemporaryDirectory() as temporary:
    for name in ("resnet50", "resnext50_32x4d", "resnext101_32x8d"):
        exchange(sys.argv[1], pathlib.Path(sys.argv[2]) / f"{name}.yaml", trained_looking(getattr(torchvision.models, name)()), pathlib.Path(temporary))
