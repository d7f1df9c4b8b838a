#!/usr/bin/env python3
"""Writes identity.json: what makers, devices and root keys sign, byte by byte.

Shares no code with the crate: SCALE and the hash are spelled out here, after
docs/src/reference/formats.md. With --check nothing is written, and the exit code says whether the
file is what this script makes. Needs nothing but Python 3.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Variants of the enums, by their SCALE index; the length of each public key.
KEYS = [32, 32, 33]
ROOT_P256 = 0
OPERATIONAL, ROOT = 0, 1


def blake2_256(message):
    return hashlib.blake2b(message, digest_size=32).digest()


def unsigned(number, width):
    return number.to_bytes(width, "little")


def text(content):
    """A vector of fewer than 64 bytes: its length times four, then the bytes."""
    content = content.encode()
    assert len(content) < 64
    return bytes([len(content) << 2]) + content


def fill(seed, length):
    """Bytes that differ from place to place and from seed to seed."""
    return bytes((seed * 37 + place * 11 + 1) % 256 for place in range(length))


def device_key(case):
    return bytes([case["scheme"]]) + bytes.fromhex(case["key"])


def root_key(case):
    return bytes([ROOT_P256]) + bytes.fromhex(case["root"])


def presence(case):
    return [
        bytes.fromhex(case["genesis"]), unsigned(case["block"], 4),
        bytes.fromhex(case["block_hash"]), bytes.fromhex(case["owner"]), unsigned(case["nonce"], 4),
    ]


def possession(case):
    return [b"cairn/possession/1", *presence(case), device_key(case)]


def delegation(case):
    return [b"cairn/delegation/1", *presence(case), root_key(case), device_key(case)]


def certificate_1(case):
    return [
        b"cairn/certificate/1", bytes.fromhex(case["genesis"]), unsigned(case["maker"], 4),
        unsigned(case["index"], 1), device_key(case), text(case["model"]), text(case["serial"]),
        unsigned(case["expiry"], 8),
    ]


def certificate_2(case):
    if case["root"] is None:
        identity = bytes([OPERATIONAL]) + device_key(case)
    else:
        identity = bytes([ROOT]) + root_key(case)
    return [
        b"cairn/certificate/2", bytes.fromhex(case["genesis"]), unsigned(case["maker"], 4),
        unsigned(case["index"], 1), identity, text(case["model"]), text(case["batch"]),
        text(case["serial"]), unsigned(case["expiry"], 8),
    ]


def recovery(case):
    root = b"\0" if case["root"] is None else b"\1" + root_key(case)
    return [
        b"cairn/recovery/1", bytes.fromhex(case["genesis"]), unsigned(case["maker"], 4),
        unsigned(case["index"], 1), unsigned(case["device"], 8), unsigned(case["block"], 4),
        device_key(case), root,
    ]


def objection(case):
    return [
        b"cairn/objection/1", bytes.fromhex(case["genesis"]), unsigned(case["device"], 8),
        unsigned(case["block"], 4), device_key(case),
    ]


KINDS = {
    "possession": possession, "delegation": delegation, "certificate 1": certificate_1,
    "certificate 2": certificate_2, "recovery": recovery, "objection": objection,
}


def inputs():
    """For each kind of key and with or without a root: small numbers, then the largest."""
    for seed in range(12):
        scheme, is_rooted, is_large = seed % 3, seed // 3 % 2 == 0, seed >= 6
        yield {
            "genesis": fill(seed, 32).hex(),
            "block": 2**32 - 1 if is_large else seed,
            "block_hash": fill(seed + 20, 32).hex(),
            "owner": fill(seed + 40, 32).hex(),
            "nonce": 2**32 - 1 - seed if is_large else 7 * seed,
            "scheme": scheme,
            "key": fill(seed + 60, KEYS[scheme]).hex(),
            "root": (b"\2" + fill(seed + 80, 32)).hex() if is_rooted else None,
            "maker": 2**32 - 1 if is_large else seed,
            "index": 255 if is_large else seed,
            "model": "M" * 32 if is_large else "",
            "batch": "2026-48",
            "serial": f"S{seed:031}" if is_large else str(seed),
            "expiry": 2**64 - 1 if is_large else 1_800_000_000_000 + seed,
            "device": 2**64 - 1 if is_large else seed,
        }


def cases():
    for case in inputs():
        for kind, fields in KINDS.items():
            if kind == "delegation" and case["root"] is None:
                continue
            message = blake2_256(b"".join(fields(case)))
            yield {"kind": kind, **case, "message": message.hex()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file differs")
    check = parser.parse_args().check
    # RFC 7693 has BLAKE2b of 64 bytes only; this is the hash of the empty message at 32.
    assert blake2_256(b"").hex().startswith("0e5751c026e543b2e8ab2eb06099daa1")
    path = HERE / "identity.json"
    content = "[\n" + ",\n".join(json.dumps(case) for case in cases()) + "\n]\n"
    if not check:
        path.write_text(content)
    elif not (path.exists() and path.read_text() == content):
        sys.exit(f"not what identity.py makes: {path.name}; run {HERE / 'identity.py'}")


if __name__ == "__main__":
    main()
