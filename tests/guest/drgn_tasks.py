#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Lists the tasks in the ELF core of the sample a1-x64-1cpu by drgn, and counts them.

usage: drgn_tasks.py CORE VMLINUX

VMLINUX is that kernel with its debug information, of 600 MB: tools/test-all.sh gets
it and runs this.  Needs Debian's python3-drgn, so the system's Python.
"""
import sys

import drgn
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.pid import for_each_task

TASKS = 49
FIRST = [(1, "init"), (2, "kthreadd")]


def described(tasks):
    return sorted((task.pid.value_(), task.comm.string_().decode()) for task in tasks)


def main(core, vmlinux):
    program = drgn.Program()
    program.set_core_dump(core)
    program.load_debug_info([vmlinux])
    tasks = described(for_each_task(program))
    print("\n".join(f"{pid:5} {name}" for pid, name in tasks))
    assert len(tasks) == TASKS, f"{len(tasks)} tasks by their PIDs, not {TASKS}"
    assert tasks[:2] == FIRST, tasks[:2]

    # What the guest's kernel counted itself; the idle task is in none of the three.
    counted = program["nr_threads"].value_()
    assert counted == TASKS, f"nr_threads is {counted}, not {TASKS}"

    # No process of this guest has a second thread, so the list of processes has all tasks.
    head = program["init_task"].tasks.address_of_()
    linked = described(list_for_each_entry("struct task_struct", head, "tasks"))
    assert linked == tasks, f"by PID and linked: {set(linked) ^ set(tasks)}"
    print(f"{TASKS} tasks, by PID, linked and counted by the guest")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
