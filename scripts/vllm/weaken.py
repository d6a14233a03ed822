"""Lets a library load beside a libstdc++ that is older than the compiler it was built with.

    weaken.py LIBRARY...

Code from g++ 13 on *names* std::ios_base_library_init (GLIBCXX_3.4.32) but never calls it: the name only makes sure that
a libstdc++ is linked which sets up iostreams by itself. The loader refuses the library all the same where libstdc++ is
older (Debian 12 has 3.4.30), unless the needed version is marked weak. This marks it, in a copy put in the library's place,
because the installer's cache may share the file. Nothing else is touched; a real use of that version would still fail.
"""

import os
import struct
import sys

NEEDED = b"GLIBCXX_3.4.32"
VERSION_NEEDS = 0x6FFFFFFE  # SHT_GNU_verneed
WEAK = 0x2  # VER_FLG_WEAK


def weakened(elf):
    """The library with the mark set, or None where there is nothing to mark. ELF of 64 bits, little-endian."""
    if elf[:6] != b"\x7fELF\x02\x01":
        return None
    elf = bytearray(elf)
    sections, size, count = *struct.unpack_from("<Q", elf, 0x28), *struct.unpack_from("<HH", elf, 0x3A)
    headers = [struct.unpack_from("<IIQQQQIIQQ", elf, sections + i * size) for i in range(count)]
    changed = False
    for _, kind, _, _, start, _, link, files, _, _ in headers:
        if kind != VERSION_NEEDS:
            continue
        names = headers[link][4]
        need = start
        for _ in range(files):  # one entry per library needed, each with a chain of versions
            _, versions, _, first, following = struct.unpack_from("<HHIII", elf, need)
            version = need + first
            for _ in range(versions):
                _, flags, _, name, after = struct.unpack_from("<IHHII", elf, version)
                text = elf[names + name : elf.index(0, names + name)]
                if text == NEEDED and not flags & WEAK:
                    struct.pack_into("<H", elf, version + 4, flags | WEAK)
                    changed = True
                version += after
            need += following
    return elf if changed else None


def main(libraries):
    for library in libraries:
        with open(library, "rb") as file:
            elf = weakened(file.read())
        if elf is None:
            continue
        with open(library + ".draft", "wb") as file:
            file.write(elf)
        os.chmod(library + ".draft", os.stat(library).st_mode)
        os.replace(library + ".draft", library)


if __name__ == "__main__":
    main(sys.argv[1:])
