# SPDX-License-Identifier: MIT
"""Makes a program that a test runs a mere user, also where the test runs as root."""
import ctypes

# Linux' numbers; the superuser's rights to others' files, and to ports below 1024.
PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_NET_BIND_SERVICE = 1, 2, 10


def drop_privileges():
    """To be called between fork and exec; whoever has none keeps none."""
    for privilege in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_NET_BIND_SERVICE):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, privilege, 0, 0, 0)
