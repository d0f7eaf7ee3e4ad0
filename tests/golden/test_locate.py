#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs `vmsavedstate locate` over folders as a Hyper-V host has them.

usage: test_locate.py

VMSS_CLI is the program, VMSS_FIXTURES the folder of the fixtures.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from privileges import drop_privileges

CLI = os.environ["VMSS_CLI"]
FIXTURES = pathlib.Path(os.environ["VMSS_FIXTURES"])

VM = "6B9A0F3C-2D41-4C2E-9C55-0D6B3A1E7F01"
CHECKPOINT = "6B9A0F3C-2D41-4C2E-9C55-0D6B3A1E7F11"
TIME = 1_000_000_000
TIME_TEXT = "2001-09-09T01:46:40Z"

DONE, NOT_READ, USAGE, IN_PART = 0, 1, 2, 3


class Locate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def put(self, place, fixture):
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FIXTURES / fixture, path)
        os.utime(path, (TIME, TIME))
        return path

    def put_vm(self):
        self.put(f"Virtual Machines/{VM}.vmcx", "vmcx-machine.vmrs")
        self.put(f"Snapshots/{CHECKPOINT}.vmcx", "vmcx-checkpoint.vmrs")
        return (self.put(f"Virtual Machines/{VM}.VMRS", "bad-no-partition-state.vmrs"),
                self.put(f"Snapshots/{CHECKPOINT}.VMRS", "demo.vmrs"))

    def run_cli(self, *arguments, path=None, before=None):
        environment = dict(os.environ, LC_ALL="C")
        environment["VMSAVEDSTATE_PATH"] = str(self.root) if path is None else path
        return subprocess.run([CLI, "locate", *arguments], env=environment, timeout=120,
                              stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
                              preexec_fn=before)

    def test_a_vm_stands_before_its_checkpoints(self):
        own, saved = self.put_vm()
        result = self.run_cli()
        self.assertEqual((result.returncode, result.stderr), (DONE, ""))
        self.assertEqual(result.stdout.splitlines(), [
            f'"Büro Server" ({VM}): no memory saved, 36 KiB, {TIME_TEXT}',
            f"  {own}",
            f'  checkpoint "before the update" ({CHECKPOINT}): saved, 1.9 MiB, {TIME_TEXT}',
            f"    {saved}",
        ])

    def test_json_tells_the_same(self):
        own, saved = self.put_vm()
        result = self.run_cli("--json", "büro SERVER")
        self.assertEqual(result.returncode, DONE)
        vm, checkpoint = json.loads(result.stdout)["found"]
        self.assertEqual(json.loads(result.stdout)["problems"], [])
        self.assertEqual((vm["kind"], vm["state"], vm["vmrs"], vm["checkpoint"]),
                         ("vm", "no-memory", str(own), None))
        self.assertEqual((vm["vm_version"], vm["memory"], vm["processors"]),
                         ("0x0900", 2 << 30, 2))
        self.assertEqual((checkpoint["kind"], checkpoint["state"], checkpoint["vmrs"]),
                         ("checkpoint", "saved", str(saved)))
        self.assertEqual((checkpoint["vm"], checkpoint["checkpoint"], checkpoint["modified"]),
                         ("Büro Server", "before the update", TIME_TEXT))
        self.assertEqual(checkpoint["size"], saved.stat().st_size)

    def test_a_checkpoint_alone_can_be_asked_for(self):
        self.put_vm()
        found = json.loads(self.run_cli("--json", VM, CHECKPOINT.lower()).stdout)["found"]
        self.assertEqual([one["checkpoint_id"] for one in found], [CHECKPOINT])

    def test_what_is_not_there_is_told(self):
        self.put_vm()
        for arguments, words in ((["another"], "there is no VM 'another'"),
                                 ([VM, "another"], "has a checkpoint 'another'")):
            result = self.run_cli(*arguments)
            self.assertEqual((result.returncode, result.stdout), (NOT_READ, ""))
            self.assertIn(words, result.stderr)
        result = self.run_cli("--json", path="/no/such/folder")
        self.assertEqual((result.returncode, result.stdout), (NOT_READ, ""))
        self.assertIn("/no/such/folder", result.stderr)
        self.assertIn("0x80070003", result.stderr)
        self.assertEqual(self.run_cli("a", "b", "c").returncode, USAGE)

    def test_without_a_folder_to_look_in_the_variable_is_named(self):
        for path in ("", "::"):
            result = self.run_cli("any", path=path)
            self.assertEqual((result.returncode, result.stdout), (NOT_READ, ""))
            self.assertIn("Let VMSAVEDSTATE_PATH list the folders of VMs.", result.stderr)
            self.assertNotIn("spelling", result.stderr)
            self.assertIn("0x80070003", result.stderr)

    def test_a_folder_without_vms_is_named_with_what_to_try(self):
        result = self.run_cli()
        self.assertEqual((result.returncode, result.stdout), (NOT_READ, ""))
        self.assertEqual(result.stderr.count("\n"), 1)
        self.assertIn(f"no VM in the folders that VMSAVEDSTATE_PATH lists, '{self.root}'",
                      result.stderr)
        result = self.run_cli("--json")
        self.assertEqual(result.returncode, NOT_READ)
        self.assertEqual(json.loads(result.stdout), {"found": [], "problems": []})

    def test_a_pair_is_listed_with_both_files(self):
        self.put(f"Virtual Machines/{VM}.vmcx", "vmcx-machine.vmrs")
        files = [self.put(f"Virtual Machines/{VM}/{VM}{extension}", f"legacy-pair{extension}")
                 for extension in (".bin", ".vsv")]
        result = self.run_cli()
        self.assertEqual((result.returncode, result.stderr), (DONE, ""))
        lines = result.stdout.splitlines()
        self.assertIn(": saved, as a pair, ", lines[0])
        self.assertEqual(lines[1:], [f"  {file}" for file in files])
        found = json.loads(self.run_cli("--json").stdout)["found"]
        self.assertEqual([(one["state"], one["vmrs"], one["bin"], one["vsv"]) for one in found],
                         [("saved-pair", None, *map(str, files))])

    def test_states_that_are_none_or_damaged(self):
        for fixture, words, name in ((None, "no state files", "none"),
                                     ("bad-truncated.vmrs", "not readable", "unreadable")):
            self.put(f"Virtual Machines/{VM}.vmcx", "vmcx-machine.vmrs")
            if fixture:
                self.put(f"Virtual Machines/{VM}.VMRS", fixture)
            lines = self.run_cli().stdout.splitlines()
            self.assertRegex(lines[0], rf": {words}(,|$)")
            found = json.loads(self.run_cli("--json").stdout)["found"]
            self.assertEqual([one["state"] for one in found], [name])
            # Why it is so stands below the files.
            self.assertEqual(fixture is not None, found[0]["problem"] is not None)
            self.assertEqual(lines[2:], [f"  {found[0]['problem']}"] if fixture else [])

    def test_what_cannot_be_read_is_told_beside_the_rest(self):
        self.put_vm()
        damaged = self.put(f"Snapshots/{VM}.vmcx", "bad-truncated.vmrs")
        result = self.run_cli()
        self.assertEqual(result.returncode, IN_PART)
        self.assertEqual(len(result.stdout.splitlines()), 4)
        self.assertIn(str(damaged), result.stderr)
        answer = json.loads(self.run_cli("--json").stdout)
        self.assertEqual([one["path"] for one in answer["problems"]], [str(damaged)])
        self.assertEqual(len(answer["found"]), 2)

    def test_a_folder_without_permission_costs_only_itself(self):
        self.put_vm()
        closed = self.root / "closed"
        closed.mkdir(mode=0)
        self.addCleanup(closed.chmod, 0o700)
        result = self.run_cli(before=drop_privileges)
        self.assertEqual(result.returncode, IN_PART)
        self.assertEqual(len(result.stdout.splitlines()), 4)
        self.assertIn(str(closed), result.stderr)

    def test_names_cannot_steer_the_terminal(self):
        xml = "<configuration><properties><name>a&#x1b;[31m\n</name></properties></configuration>"
        path = self.root / "Virtual Machines" / f"{VM}.xml"
        path.parent.mkdir()
        path.write_text(xml, encoding="utf-16")
        self.assertEqual(self.run_cli().stdout,
                         f'"a\\x1B[31m\\x0A" ({VM}): no state files\n')


if __name__ == "__main__":
    unittest.main()
