"""What setup.sh does before it builds, on a system that is played by small scripts."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(os.environ["RXRUN_SOURCE"]) / "setup.sh"


class Setup(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        # A path with a space: the project may lie anywhere.
        self.project = pathlib.Path(self.temporary.name) / "a folder"
        self.bin = self.project / "bin"
        self.bin.mkdir(parents=True)
        shutil.copy(SCRIPT, self.project)
        for tool in ("bash", "cat", "dirname", "realpath", "sed", "grep", "head", "tr", "uname", "nproc", "awk", "env"):
            self.tool(tool, f'exec {shutil.which(tool)} "$@"')
        self.user(1000)
        self.tool("update-alternatives", "exit 1")
        for command in ("cmake", "ctest", "apt-get"):
            self.tool(command, f'echo "{command} $*" >> "{self.project}/calls"')
        self.installed()

    def tool(self, name, script):
        file = self.bin / name
        file.write_text(f"#!/bin/bash\n{script}\n")
        file.chmod(0o755)

    def user(self, number):
        self.tool("id", f"echo {number}")

    def installed(self, all_packages=False):
        self.tool("dpkg-query", "printf installed" if all_packages else "exit 1")

    def run_setup(self, *words, **environment):
        return subprocess.run([self.bin / "bash", self.project / "setup.sh", *words], text=True, capture_output=True, cwd="/",
                              env={"PATH": str(self.bin), "HOME": str(self.project), **environment}, timeout=60)

    def calls(self):
        file = self.project / "calls"
        return file.read_text() if file.exists() else ""

    def libtorch(self):
        config = self.project / "libtorch" / "share" / "cmake" / "Torch"
        config.mkdir(parents=True)
        (config / "TorchConfig.cmake").write_text("")
        return config

    def test_without_root_the_packages_and_the_line_to_type_are_named(self):
        result = self.run_setup("test")
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertRegex(result.stderr, r"Type as root:\n  apt-get update && apt-get install .*libtorch-dev.*libgmock-dev")
        self.tool("sudo", "exit 1")
        self.assertRegex(self.run_setup("test").stderr, r"Type:\n  sudo apt-get update && sudo apt-get install .*libtorch-dev")
        self.assertEqual(self.calls(), "")

    def test_of_one_package_it_speaks_in_the_singular(self):
        self.tool("dpkg-query", 'case "$*" in *libgmock-dev*) exit 1;; esac; printf installed')
        self.assertIn("1 package is missing, and installing requires root", self.run_setup("test").stderr)

    def test_root_installs_what_is_missing_and_builds(self):
        self.user(0)
        result = self.run_setup("build")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(self.calls(), r"apt-get update.*\napt-get install .*g\+\+ .*libtorch-dev.*\ncmake -S .*\ncmake --build")

    def test_the_tools_of_the_checks_are_installed_and_nothing_is_built(self):
        self.user(0)
        result = self.run_setup("checks")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(self.calls(), r"apt-get install .*libgmock-dev.*clang-tidy")
        self.assertNotRegex(self.calls(), r"cmake -|libtorch-dev")

    def test_nothing_is_installed_when_nothing_is_missing(self):
        self.installed(all_packages=True)
        result = self.run_setup("test")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("apt-get", self.calls())
        self.assertRegex(self.calls(), r"-DRXRUN_TESTS=ON\n(.*\n)*ctest .*--label-exclude slow")

    def test_a_libtorch_of_ones_own_replaces_debians(self):
        config = self.libtorch()
        prefix = f"/nowhere:{self.project}/libtorch"
        result = self.run_setup("build", CMAKE_PREFIX_PATH=prefix)
        self.assertEqual(result.returncode, 2)
        self.assertNotIn("libtorch-dev", result.stderr)
        self.installed(all_packages=True)
        result = self.run_setup("build", CMAKE_PREFIX_PATH=prefix)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(f"-DTorch_DIR={config.resolve()}", self.calls())

    def test_another_libtorch_than_last_time_starts_afresh(self):
        config = self.libtorch()
        self.installed(all_packages=True)
        cache = self.project / "build" / "CMakeCache.txt"
        cache.parent.mkdir()
        cases = [("/usr/lib/x86_64-linux-gnu/cmake/Torch", {}, False),
                 ("/usr/lib/x86_64-linux-gnu/cmake/Torch", {"CMAKE_PREFIX_PATH": f"{self.project}/libtorch"}, True),
                 (config.resolve(), {"CMAKE_PREFIX_PATH": f"{self.project}/libtorch"}, False),
                 (config.resolve(), {}, True)]
        for before, environment, fresh in cases:
            with self.subTest(before=before, environment=environment):
                (self.project / "calls").unlink(missing_ok=True)
                cache.write_text(f"Torch_DIR:PATH={before}\n")
                self.assertEqual(self.run_setup("build", **environment).returncode, 0)
                self.assertEqual("--fresh" in self.calls(), fresh)

    def test_the_slow_reference_blas_is_told(self):
        self.installed(all_packages=True)
        self.tool("update-alternatives", 'case $1 in --query) echo "Value: /usr/lib/blas/libblas.so.3" ;; '
                                         "--list) echo /usr/lib/openblas-pthread/libblas.so.3 ;; esac")
        result = self.run_setup("build")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("sudo update-alternatives --set libblas.so.3-", result.stdout)

    def test_a_failed_build_or_test_ends_with_1(self):
        self.installed(all_packages=True)
        for command, words in (("cmake", ["build"]), ("ctest", ["test"])):
            with self.subTest(command=command):
                self.tool(command, "exit 8")
                result = self.run_setup(*words)
                self.tool(command, "exit 0")
                self.assertEqual(result.returncode, 1)

    def test_an_install_names_the_path(self):
        self.installed(all_packages=True)
        result = self.run_setup("install", "--prefix", "/opt/some where")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("--prefix /opt/some where", self.calls())
        self.assertIn('export PATH="/opt/some where/bin:$PATH"', result.stdout)

    def test_words_that_are_not_understood(self):
        for words in ([], ["bild"], ["build", "--fast"], ["test", "epochs=1"], ["run", "--prefix"]):
            with self.subTest(words=words):
                result = self.run_setup(*words)
                self.assertEqual(result.returncode, 2)
                self.assertTrue(result.stderr.strip())
        self.assertEqual(self.run_setup("--help").returncode, 0)


if __name__ == "__main__":
    unittest.main()
