"""The README's experiment trains, its commands work and its links lead somewhere."""
import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["RXRUN_SOURCE"])
README = (SOURCE / "README.md").read_text(encoding="utf-8")

# Command lines of the README that are not run here, by how they begin. Any other has to work.
ELSEWHERE = [
    "./setup.sh run", "./setup.sh test", "CMAKE_PREFIX_PATH=",    # these build the whole project
    "rxrun experiments/resnext50_breast.yaml",                   # minutes; the same command is run with a small file
    "rxrun time experiments/resnext50_breast.yaml --json",       # tests/cli/time_test.cpp compares; here it would be noise
    "rxrun time experiments/resnext50_breast.yaml --compare",
    "rxrun FOLDER.yaml",                                         # 200 epochs; tests/cli/init_test.cpp trains what is written
    "cmake -S my_layers",                                        # wants an installed rxrun
]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def command_lines():
    for block in blocks("sh"):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words and not any(line.startswith(start) for start in ELSEWHERE):
                yield words


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        for name in ("experiments", "schemas"):
            (cls.folder / name).symlink_to(SOURCE / name)
        for i in range(40):
            image = cls.folder / "FOLDER" / ("even", "odd")[i % 2] / f"{i}.png"
            image.parent.mkdir(parents=True, exist_ok=True)
            image.write_bytes(png(12, 12, i))
        (cls.folder / "small.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
        cls.environment = dict(os.environ, PATH=os.environ["RXRUN_BIN"] + ":" + os.environ["PATH"])
        for variable in ("RXRUN_RESULTS", "RXRUN_DATA", "RXRUN_PLUGIN_PATH"):
            cls.environment.pop(variable, None)
        cls.training = cls.run_words(
            ["rxrun", "small.yaml", "epochs=1", "sample={histology: {images: 80}}", "image_size=16", "batch=16"])
        (cls.folder / "image.png").write_bytes(PNG)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def run_words(cls, words):
        return subprocess.run(words, cwd=cls.folder, env=cls.environment, text=True, capture_output=True, timeout=600)

    def assert_works(self, result):
        self.assertEqual(result.returncode, 0, f"{shlex.join(result.args)}\n{result.stdout}\n{result.stderr}")

    def test_the_experiment_trains_and_says_how_well(self):
        self.assert_works(self.training)
        self.assertIn("Test accuracy", self.training.stdout)

    def test_a_finished_run_is_not_run_twice(self):
        again = self.run_words(self.training.args)
        self.assert_works(again)
        self.assertIn("Nothing to do", again.stdout)

    def test_every_command_works(self):
        lines = list(command_lines())
        self.assertGreater(len(lines), 10)
        for words in lines:
            with self.subTest(command=shlex.join(words)):
                result = self.run_words(words)
                self.assert_works(result)
                self.assertTrue(result.stdout.strip(), f"{shlex.join(words)} printed nothing")

    def test_every_link_and_file_exists(self):
        links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", README)
        self.assertGreater(len(links), 5)
        for link in links:
            with self.subTest(link=link):
                file, _, heading = link.partition("#")
                self.assertTrue((SOURCE / file).exists(), link)
                if heading:
                    headings = re.findall(r"^#+ (.+)$", (SOURCE / file).read_text(), re.MULTILINE)
                    self.assertIn(heading, [re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings])

    def test_the_choices_are_those_of_the_program(self):
        rows = {name.strip("`"): re.findall(r"`([a-z0-9_]+)`", words)
                for name, words in re.findall(r"^\| ([a-z`]+) \| (.*) \|$", README, re.MULTILINE)}
        plugins = json.loads(self.run_words(["rxrun", "plugins", "--json"]).stdout)
        named = {plugin["plugin"] for plugin in plugins}
        layers = {layer for plugin in plugins for layer in plugin["layers"].split()}
        self.assertEqual(set(rows["layers"]) | set(rows["blocks"]) - named, layers)
        schema = json.loads((SOURCE / "schemas/experiment.schema.json").read_text(encoding="utf-8"))["properties"]
        training = schema["training"]["properties"]
        for key in ("optimizer", "schedule"):
            kinds = next(form["properties"] for form in training[key]["anyOf"] if "properties" in form)
            self.assertEqual(set(rows[key]) - {"warm_up"}, set(kinds), key)
        self.assertEqual(set(rows["augment"]) - {"mixup"}, set(schema["data"]["properties"]["augment"]["properties"]))

    def test_every_experiment_is_listed(self):
        for file in (SOURCE / "experiments").glob("*.yaml"):
            with self.subTest(file=file.name):
                self.assertIn(f"(experiments/{file.name})", README)


def png(width, height, shift=0):
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes((x * 3 + y + shift) % 256 for x in range(3 * width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PNG = png(50, 50)

if __name__ == "__main__":
    unittest.main()
