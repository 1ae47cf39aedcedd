"""Holds includes to the link lines: a file may include what its library links, and LibTorch only where the SDK is linked.

Static libraries that share one include folder would let a wrong include compile; this test does not.
"""
import os
import pathlib
import re
import subprocess
import unittest

SOURCE = pathlib.Path(os.environ["RXRUN_SOURCE"])
PROGRAM = os.environ.get("RXRUN_PROGRAM")
RUNNER = SOURCE / "runner"
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)
LIBTORCH = ("torch/", "ATen/", "c10/", "rxrun/layer.h", "rxrun/plugin.h")
RAW_STRING = re.compile(r'R"(\w*)\(.*?\)\1"', re.S)


def commands(text):
    text = re.sub(r"#.*", "", text)
    return re.findall(r"(\w+)\s*\(([^()]*)\)", text)


class Libraries:
    """What runner/*/CMakeLists.txt declares."""

    def __init__(self):
        self.owner = {}   # "data/loader" (no suffix) -> "data"
        self.links = {}   # "data" -> {"experiment", ...}
        for lists in sorted(RUNNER.glob("*/CMakeLists.txt")):
            folder = lists.parent.name
            for command, words in commands(lists.read_text()):
                words = words.split()
                if command in ("rxrun_library", "add_executable") and "ALIAS" not in words:
                    name = self.declare(words)
                elif command == "target_sources":
                    name = words[0].removeprefix("rxrun_")
                elif command == "target_link_libraries":
                    linked = {w.removeprefix("rxrun_") for w in words[1:] if w.startswith("rxrun_")}
                    self.links.setdefault(words[0].removeprefix("rxrun_"), set()).update(linked)
                    continue
                else:
                    continue
                for word in words[1:]:
                    if word.endswith(".cpp"):
                        path = os.path.normpath(f"{folder}/{word}")
                        self.owner[path.removesuffix(".cpp")] = name

    def declare(self, words):
        name = words[0].removeprefix("rxrun_")
        self.links.setdefault(name, set())
        return name

    def of(self, path):
        relative = path.relative_to(RUNNER)
        stem = str(relative.with_suffix(""))
        return self.owner.get(stem, relative.parts[0])  # a header without a .cpp: the library with the folder's name

    def reach(self, name):
        seen, open_ = set(), [name]
        while open_:
            library = open_.pop()
            if library not in seen:
                seen.add(library)
                open_ += self.links.get(library, ())
        return seen


class Dependencies(unittest.TestCase):
    def setUp(self):
        self.libraries = Libraries()
        self.files = [p for p in RUNNER.rglob("*") if p.suffix in (".h", ".cpp") and p.parent != RUNNER]
        self.assertGreater(len(self.files), 100)
        self.assertIn("diagnostics", self.libraries.reach("training"))

    def includes(self, path):
        return [quoted or angled for quoted, angled in INCLUDE.findall(RAW_STRING.sub('""', path.read_text()))]

    def test_a_file_includes_what_its_library_links(self):
        wrong = []
        for path in self.files:
            own = self.libraries.of(path)
            for header in self.includes(path):
                target = RUNNER / header
                if not target.exists() or (target.parent == path.parent and not target.with_suffix(".cpp").exists()):
                    continue
                if self.libraries.of(target) not in self.libraries.reach(own):
                    wrong.append(f"{path.relative_to(SOURCE)} ({own}) includes {header} ({self.libraries.of(target)})")
        self.assertEqual(wrong, [])

    def test_libtorch_is_included_where_it_is_linked(self):
        wrong = []
        for path in self.files:
            for header in self.includes(path):
                if header.startswith(LIBTORCH) and header != "torch/version.h" and "sdk" not in self.libraries.reach(self.libraries.of(path)):
                    wrong.append(f"{path.relative_to(SOURCE)} includes {header}")
        self.assertEqual(wrong, [])

    def test_nothing_includes_the_command_line(self):
        wrong = [f"{p.relative_to(SOURCE)} includes {h}" for p in self.files if p.parent.name != "cli" for h in self.includes(p) if h.startswith("cli/")]
        self.assertEqual(wrong, [])

    def test_only_the_command_line_prints(self):
        prints = re.compile(r"std::c(out|err)\b|fmt::print\b|\bf?printf\s*\(|\bf?puts\s*\(")
        wrong = [str(p.relative_to(SOURCE)) for p in self.files if p.parent.name != "cli" and p.name != "describe_main.cpp"
                 and prints.search(re.sub(r"//.*", "", RAW_STRING.sub('""', p.read_text())))]
        self.assertEqual(wrong, [])

    def test_headers_that_many_include_do_not_include_all_of_libtorch(self):
        wrong = [str(p.relative_to(SOURCE)) for p in self.files if "torch/torch.h" in self.includes(p)]
        self.assertEqual(wrong, [])

    def test_the_front_program_loads_no_libtorch(self):
        needed = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True).stdout
        self.assertIn("libstdc++", needed)
        self.assertNotRegex(needed, "libtorch|libc10")


if __name__ == "__main__":
    unittest.main()
