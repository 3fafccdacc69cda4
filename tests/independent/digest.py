#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An independent reader of docs/digest-format.md: written from that text, sharing no code with reprove.

    digest.py vectors docs/digest-format.md      compute the test vectors anew, and peel sketches
    digest.py copy MANIFEST RELATION < rows      rows of COPY ... (FORMAT binary), columns in the manifest's order,
                                                 against what the manifest says of them

Only the standard library, and libxxhash for XXH3. Exit status 0: equal, 1: not equal, 77: libxxhash is not here.
"""
import base64
import ctypes
import hashlib
import json
import re
import struct
import sys

M64, M128 = 2**64 - 1, 2**128 - 1


class Halves(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


try:
    XXH = ctypes.CDLL("libxxhash.so.0")
except OSError as e:
    print(e, file=sys.stderr)
    sys.exit(77)
for name, result in (("XXH3_64bits_withSeed", ctypes.c_uint64), ("XXH3_128bits_withSeed", Halves)):
    f = getattr(XXH, name)
    f.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
    f.restype = result


def xxh64(data, seed):
    return XXH.XXH3_64bits_withSeed(data, len(data), seed)


def xxh128(data, seed):
    h = XXH.XXH3_128bits_withSeed(data, len(data), seed)
    return h.high << 64 | h.low


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def le64(data):
    return int.from_bytes(data[:8], "little")


def chacha20(key, length):
    """The stream of RFC 8439: nonce zero, counter from 0."""
    words = struct.unpack("<8I", key)
    out = bytearray()
    for counter in range(length // 64):
        start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *words, counter, 0, 0, 0]
        x = list(start)

        def turn(i, by):
            v = x[i] & 0xFFFFFFFF
            x[i] = (v << by | v >> (32 - by)) & 0xFFFFFFFF

        def quarter(a, b, c, d):
            for p, q, r, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[p] = (x[p] + x[q]) & 0xFFFFFFFF
                x[r] ^= x[p]
                turn(r, by)

        for _ in range(10):
            for i in range(4):
                quarter(i, 4 + i, 8 + i, 12 + i)
            for i in range(4):
                quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
        out += struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(x, start)))
    return bytes(out)


class Seeds:
    def __init__(self, salt):
        def base(use):
            return sha256(use.encode(), salt)

        self.row = le64(base("reprove/v1/row"))
        sketch = base("reprove/v1/sketch")
        self.place, self.check = le64(sketch), le64(sketch[8:])
        self.key_base = base("reprove/v1/key")
        self.key = le64(self.key_base)
        self.strong = base("reprove/v1/strong")
        self.sample = base("reprove/v1/sample")

    def column(self, i):
        return xxh64(i.to_bytes(8, "little"), self.row)


def encode(values):
    return b"".join(b"\xff" * 4 if v is None else struct.pack(">I", len(v)) + v for v in values)


def carried(values, order, key_size, whole, seeds):
    if not order or key_size == 0:
        return b""
    encoded = encode([values[i] for i in order])
    if whole and len(encoded) <= key_size:
        return encoded
    if whole:
        h = xxh128(encoded, seeds.key)
        print16 = (h & M64).to_bytes(8, "little") + (h >> 64).to_bytes(8, "little")
    else:
        print16 = sha256(seeds.key_base, encoded)[:16]
    return (b"\x01" + print16)[:key_size]


class Sketch:
    def __init__(self, cells, key_size, seeds):
        self.seeds, self.key_size, self.part = seeds, key_size, cells // 4
        self.cells = [[0, 0, 0, 0, 0] for _ in range(cells)]  # count, hash, check, key length, key as a number
        self.buckets = [[0, 0] for _ in range(min(64, self.part))]

    def place(self, key, h):
        block = (h.to_bytes(8, "little") + key).ljust(32, b"\0")
        return xxh64(block, self.seeds.place), xxh64(block, self.seeds.check)

    def where(self, place):
        return [q * self.part + ((place >> 16 * q & 0xFFFF) * self.part >> 16) for q in range(4)]

    def put(self, key, h, times):
        place, check = self.place(key, h)
        for i in self.where(place):
            c = self.cells[i]
            c[0] = (c[0] + times) & M64
            c[1] = (c[1] + times * h) & M64
            c[2] = (c[2] + times * check) & M64
            c[3] ^= len(key)
            c[4] ^= int.from_bytes(key.ljust(self.key_size, b"\0"), "little")

    def add(self, key, row_hash):
        h = row_hash & M64
        self.put(key, h, 1)
        b = self.buckets[(row_hash >> 96) * len(self.buckets) >> 32]
        b[0] = (b[0] + 1) & M64
        b[1] = (b[1] + h) & M64

    def subtract(self, other):
        for mine, theirs in zip(self.cells, other.cells):
            mine[:3] = [(a - b) & M64 for a, b in zip(mine[:3], theirs[:3])]
            mine[3:] = [a ^ b for a, b in zip(mine[3:], theirs[3:])]

    def text(self):
        out = struct.pack("<BBHI", 1, self.key_size, 0, len(self.cells))
        for count, h, check, length, key in self.cells:
            out += struct.pack("<3Q", count, h, check)
            if self.key_size:
                out += bytes([length]) + key.to_bytes(self.key_size, "little")
        for b in self.buckets:
            out += struct.pack("<2Q", *b)
        return base64.b64encode(out).decode()

    @classmethod
    def of_text(cls, text, seeds):
        data = base64.b64decode(text, validate=True)
        version, key_size, zero, cells = struct.unpack_from("<BBHI", data)
        assert version == 1 and zero == 0 and cells % 4 == 0
        s, at = cls(cells, key_size, seeds), 8
        for c in s.cells:
            c[:3] = struct.unpack_from("<3Q", data, at)
            at += 24
            if key_size:
                c[3:] = data[at], int.from_bytes(data[at + 1:at + 1 + key_size], "little")
                at += 1 + key_size
        for b in s.buckets:
            b[:] = struct.unpack_from("<2Q", data, at)
            at += 16
        assert at == len(data)
        return s

    def pure(self, i):
        """(key, hash, times) when cell i holds one row; once only: that is enough to read one."""
        count, h, check, length, key = self.cells[i]
        if count not in (1, M64) or length > self.key_size:
            return None
        times = 1 if count == 1 else -1
        key = key.to_bytes(self.key_size, "little")[:length]
        h = h * times & M64
        place, expected = self.place(key, h)
        return (key, h, times) if expected * times & M64 == check and i in self.where(place) else None

    def peel(self):
        """All rows, or None."""
        rows, look = [], list(range(len(self.cells)))
        while look and len(rows) <= len(self.cells):
            i = look.pop()
            row = self.pure(i)
            if row:
                rows.append(row)
                self.put(row[0], row[1], -row[2])
                look += self.where(self.place(row[0], row[1])[0])
        return rows if not any(any(c) for c in self.cells) else None


class Sample:
    """Filled only: what it says of a difference is for the reader of section 6."""

    def __init__(self, text, whole_key_size, base):
        data = base64.b64decode(text, validate=True)
        version, self.key_size, self.width, self.levels = struct.unpack_from("<BBHI", data)
        assert version == 1 and self.key_size == whole_key_size
        self.place, self.check = le64(base), le64(base[8:])
        self.cells = [[0, 0, 0, 0, 0] for _ in range(self.width * self.levels)]

    def add(self, key, row_hash):
        h = (row_hash & M64).to_bytes(8, "little")
        place = xxh64(key.ljust(24, b"\0") if self.key_size else h, self.place)
        if place % 4:
            return
        low = place // 4 % 2**30
        level = min((low & -low).bit_length() - 1 if low else self.levels, self.levels - 1)
        c = self.cells[level * self.width + ((place >> 32) * self.width >> 32)]
        for i, n in enumerate((1, row_hash, xxh64((h + key).ljust(32, b"\0"), self.check))):
            c[i] = (c[i] + n) & M64
        c[3] ^= len(key)
        c[4] ^= int.from_bytes(key.ljust(self.key_size, b"\0"), "little")

    def text(self):
        out = struct.pack("<BBHI", 1, self.key_size, self.width, self.levels)
        for count, h, check, length, key in self.cells:
            out += struct.pack("<3Q", count, h, check)
            if self.key_size:
                out += bytes([length]) + key.to_bytes(self.key_size, "little")
        return base64.b64encode(out).decode()


class Ranges:
    def __init__(self, text):
        data = base64.b64decode(text, validate=True)
        version, columns, self.bits, _ = struct.unpack_from("<BBHI", data)
        assert version == 1
        self.columns = [tuple(data[8 + 2 * i:10 + 2 * i]) for i in range(columns)]
        self.rows = {}

    def add(self, key_values, row_hash):
        place = b""
        for (kind, width), value in zip(self.columns, key_values):
            v = int.from_bytes(value, "big")
            place += (v ^ 1 << 8 * width - 1).to_bytes(width, "big") if kind == 1 else value
        prefix = int.from_bytes(place[:16].ljust(16, b"\0"), "big") >> 128 - self.bits
        r = self.rows.setdefault(prefix, [0, 0])
        r[:] = r[0] + 1, (r[1] + row_hash) & M64

    def text(self):
        size = (self.bits + 7) // 8
        out = struct.pack("<BBHI", 1, len(self.columns), self.bits, len(self.rows))
        out += b"".join(bytes(c) for c in self.columns)
        for prefix, sums in sorted(self.rows.items()):
            out += (prefix << 8 * size - self.bits).to_bytes(size, "big") + struct.pack("<2Q", *sums)
        return base64.b64encode(out).decode()


class Relation:
    """What a manifest says of rows, from the rows."""

    def __init__(self, name, key_places, salt, whole, sketch):
        self.seeds, self.whole, self.sketch = Seeds(salt), whole, sketch
        self.sample = self.ranges = None
        self.order = [key_places.index(p) for p in sorted(p for p in key_places if p)]
        self.columns = [[0, 0] for _ in key_places]
        self.column_seeds = [self.seeds.column(i) for i in range(len(key_places))]
        self.count = self.digest = 0
        self.state = [0] * 1024
        self.base = sha256(self.seeds.strong, name.encode())

    def key(self, values):
        return carried(values, self.order, self.sketch.key_size, self.whole, self.seeds)

    def add(self, values, strong=True):
        row = encode(values)
        h = xxh128(row, self.seeds.row)
        self.count += 1
        self.digest = (self.digest + h) & M128
        for i, v in enumerate(values):
            if v is None:
                self.columns[i][1] += 1
            else:
                self.columns[i][0] = (self.columns[i][0] + xxh64(v, self.column_seeds[i])) & M64
        if strong:
            lanes = struct.unpack("<1024I", chacha20(sha256(self.base, row), 4096))
            self.state = [(a + b) & 0xFFFFFFFF for a, b in zip(self.state, lanes)]
        if self.sketch:
            self.sketch.add(self.key(values), h)
        if self.sample:
            self.sample.add(self.key(values), h)
        if self.ranges:
            self.ranges.add([values[i] for i in self.order], h)

    def like(self, sealed):
        """Of the shape that the manifest has."""
        if "sketch" in sealed:
            shape = Sketch.of_text(sealed["sketch"], self.seeds)
            self.sketch = Sketch(len(shape.cells), shape.key_size, self.seeds)
        if "sample" in sealed:
            self.sample = Sample(sealed["sample"], self.sketch.key_size, self.seeds.sample)
        if "ranges" in sealed:
            self.ranges = Ranges(sealed["ranges"])

    def against(self, sealed, check):
        for what in ("sketch", "sample", "ranges"):
            if what in sealed:
                check(what, sealed[what], getattr(self, what).text())

    def strong(self):
        return sha256(struct.pack("<1024I", *self.state)).hex()


class Checker:
    def __init__(self):
        self.done = self.wrong = 0

    def __call__(self, what, expected, found):
        self.done += 1
        if expected != found:
            self.wrong += 1
            print(f"not equal: {what}: expected {expected}, found {found}")


def value_of(v):
    if isinstance(v, list):
        return bytes.fromhex(v[1]) * v[0]
    return None if v is None else bytes.fromhex(v)


def check_vector(v, salt, check):
    s = v["sketch"]
    r = Relation(v["name"], v["key"], salt, v["wholeKeys"], None)
    if s:
        r.sketch = Sketch(s["cells"], s["keySize"], r.seeds)
        wide = Sketch(256, s["keySize"], r.seeds)
    for row in v["rows"]:
        values = [value_of(x) for x in row["values"]]
        r.add(values)
        h = xxh128(encode(values), r.seeds.row)
        check("encoded", row["encoded"], encode(values).hex())
        check("hash", row["hash"], f"{h:032x}")
        if s:
            place, mark = wide.place(r.key(values), h & M64)
            check("key", row["key"], r.key(values).hex())
            check("place", row["place"], f"{place:016x}")
            check("check", row["check"], f"{mark:016x}")
            check("cells", row["cells"], wide.where(place))
    check("rowCount", v["rowCount"], str(r.count))
    check("digest", v["digest"], f"{r.digest:032x}")
    check("columns", v["columns"], [{"digest": f"{d:016x}", "nulls": str(n)} for d, n in r.columns])
    check("strong", v["strong"], r.strong())
    if s:
        text = r.sketch.text()
        check("sketch", s["sha256"], hashlib.sha256(text.encode()).hexdigest())
        check("sketch read again", text, Sketch.of_text(text, r.seeds).text())


def check_peeling(salt, check):
    """A hundred rows that differ, named from two sketches alone."""
    seeds = Seeds(salt)
    sealed, found = Sketch(256, 12, seeds), Sketch(256, 12, seeds)
    expected = set()
    for i in range(2000):
        values = [i.to_bytes(8, "big"), b"x"]
        changed = [values[0], b"y"]
        key = encode(values[:1])
        before, after = (xxh128(encode(x), seeds.row) for x in (values, changed))
        sealed.add(key, before)
        if i % 2000 < 50:
            found.add(key, after)
            expected |= {(key, before & M64, 1), (key, after & M64, -1)}
        else:
            found.add(key, before)
    sealed.subtract(found)
    check("peeled", expected, set(sealed.peel() or ()))


def vectors(path):
    with open(path, encoding="utf-8") as f:
        v = json.loads(re.search(r"```json\n(.*?)\n```\n", f.read(), re.S).group(1))
    salt, check = bytes.fromhex(v["salt"]), Checker()
    seeds = Seeds(salt)
    check("seeds", v["seeds"], {
        "row": f"{seeds.row:016x}", "column0": f"{seeds.column(0):016x}", "column1": f"{seeds.column(1):016x}",
        "place": f"{seeds.place:016x}", "check": f"{seeds.check:016x}", "keyBase": seeds.key_base.hex()})
    for relation in v["relations"]:
        check_vector(relation, salt, check)
    check_peeling(salt, check)
    return check


def read_exactly(f, n):
    data = f.read(n)
    if len(data) != n:
        raise EOFError("the rows end in the middle of one")
    return data


def copy_rows(f):
    """PostgreSQL's binary COPY: header, rows of a field count and fields, -1."""
    if read_exactly(f, 11) != b"PGCOPY\n\xff\r\n\0":
        raise ValueError("not a binary COPY")
    _, extension = struct.unpack(">II", read_exactly(f, 8))
    read_exactly(f, extension)
    while (n := struct.unpack(">h", read_exactly(f, 2))[0]) >= 0:
        values = []
        for _ in range(n):
            length = struct.unpack(">i", read_exactly(f, 4))[0]
            values.append(None if length < 0 else read_exactly(f, length))
        yield values


def copy(path, name):
    with open(path, encoding="utf-8") as f:
        statement = json.loads(base64.b64decode(json.load(f)["payload"]))
    survey = statement["predicate"]["survey"]
    sealed = next(r for r in survey["relations"] if r["name"] == name)
    method, check = survey["method"], Checker()
    salt = bytes.fromhex(method["salt"])
    r = Relation(name, [c.get("key", 0) for c in sealed["columns"]], salt, method["wholeKeys"], None)
    r.like(sealed)
    for values in copy_rows(sys.stdin.buffer):
        r.add(values, method["strong"])
    check("rows", sealed["rows"], str(r.count))
    check("digest", sealed["digest"], f"{r.digest:032x}")
    for c, (digest, nulls) in zip(sealed["columns"], r.columns):
        check(f"column {c['name']}", (c["digest"], c["nulls"]), (f"{digest:016x}", str(nulls)))
    if method["strong"]:
        check("strong", sealed["strong"], r.strong())
    r.against(sealed, check)
    return check


def main(args):
    if len(args) == 2 and args[0] == "vectors":
        check = vectors(args[1])
    elif len(args) == 3 and args[0] == "copy":
        check = copy(args[1], args[2])
    else:
        print(__doc__, file=sys.stderr)
        return 2
    print(f"{check.done} compared, {check.wrong} not equal")
    return 1 if check.wrong or not check.done else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
