#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the packages, and uses them as someone who installed them would.

usage: test_packages.py

The Debian package is made from the build that VMSS_CLI belongs to, and
extracted into an empty folder.  There its files are compared with a list, and
the example of README.md is compiled against it, once with what pkg-config
says and once with CMake's find_package, and run.  As root and with
VMSS_EXHAUSTIVE=1, the package is installed in the system besides, and removed.

VMSS_WINDOWS_BUILD, when it is set, is the build folder of a Windows build,
whose .zip is made and listed too.

The manual pages of section 3 are compared with exports.def and the headers.

Exits with 77, skipped, when a tool that is needed is not installed.
"""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MANUAL = REPOSITORY / "tools" / "man"
LIBRARY = "libvmsavedstatedumpprovider.so"
HEADERS = ("vmsavedstate_platform.h", "vmsavedstatedump.h", "vmsavedstatedump_ext.h",
           "vmsavedstatedumpdefs.h")
CMAKE_FILES = ("vmsavedstateConfig.cmake", "vmsavedstateConfigVersion.cmake",
               "vmsavedstateConfig-release.cmake")

MINGW = "x86_64-w64-mingw32-gcc"
MISSING = "not installed:"

CLIENT_PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(client LANGUAGES C)
find_package(vmsavedstate {version} REQUIRED)
foreach(flavour IN ITEMS vmsavedstatedumpprovider vmsavedstatedumpprovider_abi17134)
	add_executable(${{flavour}}_client example.c)
	target_link_libraries(${{flavour}}_client vmsavedstate::${{flavour}})
endforeach()
"""


def run(command, **options):
    """The standard output of a command, which must succeed."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                            timeout=300, **options)
    if result.returncode != 0:
        raise AssertionError(f"{command}: status {result.returncode}\n"
                             f"{result.stdout}{result.stderr}")
    return result.stdout


def cached(build, name):
    """A value of the cache of a build folder, or "" for none."""
    text = (build / "CMakeCache.txt").read_text()
    found = re.search(rf"^{name}:\w+=(.*)$", text, re.MULTILINE)
    return found[1] if found else ""


def need(*tools):
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        raise unittest.SkipTest(f"{MISSING} {', '.join(missing)}")


def native_build():
    """The build folder of VMSS_CLI, if a package of it would be of use."""
    if "VMSS_CLI" not in os.environ:
        raise unittest.SkipTest("VMSS_CLI is not set")
    build = pathlib.Path(os.environ["VMSS_CLI"]).parent
    for option in ("VMSAVEDSTATE_SANITIZE", "VMSAVEDSTATE_COVERAGE"):
        if cached(build, option) not in ("", "OFF"):
            raise unittest.SkipTest(f"a build with {option} is not for users")
    return build


def make_package(build, folder, suffix):
    run(["cpack", "--config", build / "CPackConfig.cmake", "-B", folder], cwd=folder)
    packages = list(folder.glob(f"*{suffix}"))
    assert len(packages) == 1, packages
    return packages[0]


def files_below(root):
    """Every file and link below a folder, by its path from there."""
    return {str(path.relative_to(root)) for path in root.rglob("*")
            if path.is_symlink() or not path.is_dir()}


def readme_example():
    """The first program in C of README.md."""
    return re.search(r"^```c\n(.*?)^```$", (REPOSITORY / "README.md").read_text(),
                     re.MULTILINE | re.DOTALL)[1]


def manual_page_files(section):
    return {f"usr/share/man/man{section}/{page.name}" for page in MANUAL.glob(f"*.{section}")}


def expected_files(libdir, version):
    """What the Debian package holds, below its root."""
    files = {"usr/bin/vmsavedstate", f"{libdir}/pkgconfig/vmsavedstatedumpprovider.pc",
             "usr/share/bash-completion/completions/vmsavedstate"}
    files |= {f"usr/include/{name}" for name in HEADERS}
    files |= {f"{libdir}/cmake/vmsavedstate/{name}" for name in CMAKE_FILES}
    files |= {f"usr/share/doc/vmsavedstate/{name}"
              for name in ("LICENSE", "README.md", "copyright")}
    for folder in (libdir, f"{libdir}/vmsavedstate/abi17134"):
        files |= {f"{folder}/{LIBRARY}{end}" for end in ("", ".1", f".1.{version}")}
    return files | manual_page_files(1) | manual_page_files(3)


def expected_windows_files():
    """What the .zip holds, below its one folder."""
    files = {"LICENSE", "README.md", "bin/vmsavedstate.exe",
             "lib/pkgconfig/vmsavedstatedumpprovider.pc"}
    files |= {f"include/{name}" for name in HEADERS}
    files |= {f"lib/cmake/vmsavedstate/{name}" for name in CMAKE_FILES}
    for folder in ("", "abi17134/"):
        files.add(f"bin/{folder}vmsavedstatedumpprovider.dll")
    for folder in ("", "vmsavedstate/abi17134/"):
        files.add(f"lib/{folder}vmsavedstatedumpprovider.lib")
    return files


def fixture():
    """A small guest, which has one processor."""
    return pathlib.Path(os.environ["VMSS_FIXTURES"]) / "demo.vmrs"


class PackageTest(unittest.TestCase):
    """Cases that share a package, made once."""

    @classmethod
    def prepare(cls, build, suffix):
        cls.build = build
        cls.version = cached(build, "CMAKE_PROJECT_VERSION")
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.package = make_package(build, cls.folder, suffix)
        cls.root = cls.folder / "root"
        cls.example = cls.folder / "example.c"
        cls.example.write_text(readme_example())

    def assert_example_works(self, command, environment=None):
        """It counts the processors, and says in a sentence why it cannot."""
        environment = dict(os.environ, **(environment or {}))
        command = [str(word) for word in command]
        self.assertEqual(run([*command, fixture()], env=environment).strip(), "1 processors")
        failure = subprocess.run([*command, "no-such-file.vmrs"], env=environment,
                                 capture_output=True, text=True, timeout=60)
        self.assertEqual((failure.returncode, failure.stdout), (1, ""))
        self.assertIn("no-such-file.vmrs", failure.stderr)


# ---- The Debian package ----------------------------------------------------------

class DebianPackage(PackageTest):
    @classmethod
    def setUpClass(cls):
        need("cpack", "dpkg-deb", "dpkg-shlibdeps", "file")
        cls.prepare(native_build(), ".deb")
        run(["dpkg-deb", "-x", cls.package, cls.root])
        cls.libdir = f"usr/{cached(cls.build, 'CMAKE_INSTALL_LIBDIR')}"
        cls.compiler = cached(cls.build, "CMAKE_C_COMPILER")

    def field(self, name):
        return run(["dpkg-deb", "-f", self.package, name]).strip()

    def compile_example(self, program, environment=None):
        environment = dict(os.environ, **(environment or {}))
        flags = run(["pkg-config", "--cflags", "--libs", "vmsavedstatedumpprovider"],
                    env=environment)
        run([self.compiler, "-Wall", "-Wextra", "-Werror", "-o", program, self.example,
             *shlex.split(flags)])

    def test_holds_these_files_and_no_other(self):
        self.assertEqual(files_below(self.root), expected_files(self.libdir, self.version))

    def test_everything_belongs_to_root_and_can_be_read_by_all(self):
        for line in run(["dpkg-deb", "-c", self.package]).splitlines():
            mode, owner = line.split()[:2]
            self.assertEqual(owner, "root/root", line)
            self.assertRegex(mode, "^(lrwxrwxrwx|[-d]rw[-x]r-[-x]r-[-x])$", line)

    def test_is_described_under_our_own_name(self):
        self.assertEqual(self.field("Package"), "vmsavedstate")
        self.assertEqual(self.field("Version"), self.version)
        self.assertEqual(self.field("Architecture"),
                         run(["dpkg", "--print-architecture"]).strip())
        self.assertIn("The vmsavedstate authors <", self.field("Maintainer"))
        self.assertIn("not Microsoft's code", self.field("Description"))

    def test_depends_on_what_its_programs_load(self):
        depends = re.findall(r"([\w.+-]+)(?: \([^)]*\))?", self.field("Depends"))
        self.assertEqual(sorted(depends), ["libc6", "zlib1g"])

    def test_links_lead_from_the_name_for_linking_to_the_library(self):
        for folder in (self.libdir, f"{self.libdir}/vmsavedstate/abi17134"):
            library = self.root / folder / LIBRARY
            self.assertEqual(os.readlink(library), f"{LIBRARY}.1")
            self.assertEqual(os.readlink(f"{library}.1"), f"{LIBRARY}.1.{self.version}")
            self.assertIn(f"[{LIBRARY}.1]", run(["readelf", "-d", library]))

    def test_the_program_runs_where_it_was_extracted(self):
        output = run([self.root / "usr/bin/vmsavedstate", "info", fixture()])
        self.assertIn("demo.vmrs", output)

    def test_example_builds_with_pkg_config(self):
        need("pkg-config")
        program = self.folder / "with_pkg_config"
        self.compile_example(program, {
            "PKG_CONFIG_SYSROOT_DIR": str(self.root),
            "PKG_CONFIG_LIBDIR": str(self.root / self.libdir / "pkgconfig")})
        self.assert_example_works([program],
                                  {"LD_LIBRARY_PATH": str(self.root / self.libdir)})

    def test_example_builds_with_find_package_in_both_abis(self):
        project = self.folder / "client"
        project.mkdir()
        shutil.copy(self.example, project)
        (project / "CMakeLists.txt").write_text(CLIENT_PROJECT.format(version=self.version))
        run(["cmake", "-S", project, "-B", project, "-G", cached(self.build, "CMAKE_GENERATOR"),
             f"-DCMAKE_PREFIX_PATH={self.root / 'usr'}",
             f"-DCMAKE_C_COMPILER={self.compiler}"])
        run(["cmake", "--build", project])
        for flavour, folder in (("", ""), ("_abi17134", "vmsavedstate/abi17134/")):
            program = project / f"vmsavedstatedumpprovider{flavour}_client"
            self.assertIn(f"{self.root / self.libdir}/{folder}{LIBRARY}.1",
                          run(["ldd", program]))
            self.assert_example_works([program])

    @unittest.skipUnless(os.environ.get("VMSS_EXHAUSTIVE") == "1" and os.geteuid() == 0,
                         "installs for real only as root with VMSS_EXHAUSTIVE=1")
    def test_installs_into_the_system_and_leaves_it(self):
        need("pkg-config")
        if subprocess.run(["dpkg", "-s", "vmsavedstate"], capture_output=True).returncode == 0:
            self.skipTest("a vmsavedstate is installed on this machine, which stays")
        self.addCleanup(subprocess.run, ["dpkg", "--purge", "vmsavedstate"],
                        capture_output=True)
        run(["dpkg", "-i", self.package])
        run(["/usr/bin/vmsavedstate", "info", fixture()])
        program = self.folder / "installed"
        self.compile_example(program)
        self.assert_example_works([program])
        run(["dpkg", "--purge", "vmsavedstate"])
        self.assertFalse(pathlib.Path(f"/{self.libdir}/{LIBRARY}").exists())


# ---- The Windows package ---------------------------------------------------------

class WindowsPackage(PackageTest):
    @classmethod
    def setUpClass(cls):
        need("cpack")
        if not os.environ.get("VMSS_WINDOWS_BUILD"):
            raise unittest.SkipTest("VMSS_WINDOWS_BUILD names no build folder")
        cls.prepare(pathlib.Path(os.environ["VMSS_WINDOWS_BUILD"]).resolve(), ".zip")
        with zipfile.ZipFile(cls.package) as archive:
            archive.extractall(cls.root)

    def top(self):
        return self.root / f"vmsavedstate-{self.version}-win64"

    def test_holds_one_folder_with_these_files_and_no_other(self):
        self.assertEqual([path.name for path in self.root.iterdir()], [self.top().name])
        self.assertEqual(files_below(self.top()), expected_windows_files())

    def test_example_builds_with_its_import_library(self):
        need(MINGW, "wine")
        program = self.top() / "bin" / "example.exe"
        self.addCleanup(program.unlink, missing_ok=True)
        run([MINGW, "-Wall", "-Wextra", "-Werror", f"-I{self.top() / 'include'}", "-o",
             program, self.example, f"-L{self.top() / 'lib'}", "-lvmsavedstatedumpprovider"])
        self.assert_example_works(["wine", program], {
            "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml=",
            "WINEPREFIX": str(self.build / "wineprefix")})


# ---- The manual pages ------------------------------------------------------------

def exported_names():
    lines = (REPOSITORY / "exports.def").read_text().split("EXPORTS", 1)[1].splitlines()
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith(";")]


def normal(prototype):
    """A prototype without WINAPI, which is for compilers, and with spaces in one way."""
    words = re.sub(r"\bWINAPI\b", "", prototype)
    return re.sub(r"\s*([(),*;])\s*", r"\1", re.sub(r"\s+", " ", words)).strip()


def prototypes_of_headers():
    """The prototypes of both ABIs, by function, in the order of the headers."""
    found = {}
    for header in ("vmsavedstatedump.h", "vmsavedstatedump_ext.h"):
        text = re.sub(r"/\*.*?\*/", "", (REPOSITORY / "include" / header).read_text(),
                      flags=re.DOTALL)
        for match in re.finditer(r"^(?:const )?\w+ [\w* ]*?(\w+)\([^;(){}]*\);", text,
                                 re.MULTILINE):
            found.setdefault(match[1], []).append(normal(match[0]))
    return found


def section(page, heading):
    """The lines of a section of a page."""
    return page.read_text().split(f"\n.SH {heading}\n")[1].split("\n.SH ")[0].splitlines()


def prototypes_of_page(page):
    """The prototypes of the synopsis, by function; they are set in alternating fonts."""
    text = ""
    for line in section(page, "SYNOPSIS"):
        if line.startswith((".B ", ".BI ")) and "#include" not in line:
            text += "".join(shlex.split(line)[1:])
    found = {}
    for prototype in re.findall(r"[^;]+;", text):
        found.setdefault(re.search(r"(\w+)\(", prototype)[1], []).append(normal(prototype))
    return found


class ManualPages(unittest.TestCase):
    def setUp(self):
        self.families = sorted(MANUAL.glob("vmsavedstate_*.3"))

    def test_every_exported_function_is_in_one_page(self):
        described = [name for page in self.families for name in prototypes_of_page(page)]
        self.assertEqual(sorted(described), sorted(exported_names()))

    def test_prototypes_are_those_of_the_headers(self):
        headers = prototypes_of_headers()
        for page in self.families:
            for name, prototypes in prototypes_of_page(page).items():
                # Six names are exported that no header declares.
                expected = headers.get(name, [f"HRESULT {name}(void);"])
                self.assertEqual(prototypes, expected, page.name)

    def test_name_and_function_list_of_a_page_agree_with_its_synopsis(self):
        for page in self.families:
            synopsis = list(prototypes_of_page(page))
            names = " ".join(section(page, "NAME")).split(" \\-")[0].split(", ")
            self.assertEqual(names, [page.stem, *synopsis])
            listed = [line.split()[1] for line in section(page, "FUNCTIONS")
                      if re.match(r"\.BR \w+ \(\)$", line)]
            self.assertEqual([name for name in listed if name in synopsis], synopsis, page.name)

    def test_pages_refer_to_pages_that_exist(self):
        for page in MANUAL.glob("*.[13]"):
            for name, number in re.findall(r"^\.BR (vmsavedstate\w*) \((\d)\)", page.read_text(),
                                           re.MULTILINE):
                self.assertTrue((MANUAL / f"{name}.{number}").exists(), f"{page.name}: {name}")

    def test_pages_are_set_without_a_warning(self):
        need("groff")
        for page in MANUAL.glob("*.[13]"):
            result = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", str(page)],
                                    capture_output=True, text=True, timeout=60)
            self.assertEqual((result.returncode, result.stderr), (0, ""), page.name)


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    if not result.wasSuccessful():
        return 1
    # A tool that is missing must show in the sum of all tests.
    return 77 if any(MISSING in reason for _, reason in result.skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
