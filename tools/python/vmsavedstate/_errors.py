# SPDX-License-Identifier: MIT
"""Failures of the library as exceptions."""
from __future__ import annotations


class Error(Exception):
    """A call of the library failed.

    hresult is the result as an unsigned number of 32 bits, sentence what was
    wrong and what can be done about it.
    """

    def __init__(self, hresult: int, sentence: str) -> None:
        self.hresult = hresult & 0xFFFFFFFF
        self.sentence = sentence
        super().__init__(self.hresult, sentence)

    def __str__(self) -> str:
        return f"{self.sentence or 'the call failed'} (0x{self.hresult:08X})"


class LibraryNotFound(ImportError):
    """The library is nowhere, or what was found is not this library."""


VA_NOT_MAPPED = 0xC0370505
OUT_OF_MEMORY = 0x8007000E
