"""Folders of image files to load, generated once."""
import pathlib
import random

KINDS = {"50×50 PNG": ("png", 50, 3000), "512×512 JPEG": ("jpg", 512, 400)}


def texture(image_module, filter_module, side, seed):
    """Noise of several scales over a slope of colour: compresses about as a photograph does."""
    draw = random.Random(seed)
    whole = image_module.new("RGB", (side, side))
    for scale in (4, 12, 40, side):
        small = image_module.frombytes("RGB", (scale, scale), draw.randbytes(scale * scale * 3))
        layer = small.resize((side, side), image_module.BICUBIC)
        whole = layer if scale == 4 else image_module.blend(whole, layer, {12: 0.4, 40: 0.25}.get(scale, 0.08))
    return whole.filter(filter_module.GaussianBlur(0.6))


def generate(folder, extension, side, count):
    from PIL import Image, ImageFilter
    for number in range(count):
        place = folder / str(number % 2)
        place.mkdir(parents=True, exist_ok=True)
        image = texture(Image, ImageFilter, side, number)
        image.save(place / f"{number}.{extension}", **({"quality": 90} if extension == "jpg" else {}))


def folder_of(kind, options):
    extension, side, count = KINDS[kind]
    if options.images and extension == "png":
        return pathlib.Path(options.images)
    folder = pathlib.Path(options.build) / "benchmark" / f"images-{extension}-{side}"
    if not (folder / "complete").exists():
        generate(folder, extension, side, count)
        (folder / "complete").touch()
    return folder
