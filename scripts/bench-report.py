#!/usr/bin/env python3
"""Reports on what scripts/weights and scripts/bench measured, as Markdown tables."""

import argparse
import json
import math
import os
import re
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Picoseconds, the unit of weights, in a nanosecond and in a microsecond.
PER_NANO = 1_000
PER_MICRO = 1_000_000

# A whole declared extrinsic may be this often a transfer; a check this often its signatures.
TARGET = 2.0
# A measured weight that differs by more than this factor from the committed one is pointed out.
TOLERANCE = 1.25

TRANSFER = ("transfer_keep_alive", "pallet_balances", "transfer_keep_alive")
# What is shown, pallet, benchmark of the call; a verdict's includes its authorization. "each" is of a
# call with one component: the whole extrinsic at its highest, divided by it.
CALLS = [
    ("seal", "pallet_telemetry", "seal"),
    ("submit_verdict, first", "pallet_telemetry", "submit_first_verdict"),
    ("submit_verdict, last", "pallet_telemetry", "submit_last_verdict"),
    ("claim_attested", "pallet_rewards", "claim_attested"),
    ("register, ed25519", "pallet_devices", "register_ed25519"),
    ("register, sr25519", "pallet_devices", "register_sr25519"),
    ("register, secp256k1", "pallet_devices", "register_secp256k1"),
    ("register, ed25519, certificate", "pallet_devices", "register_certified_ed25519"),
    ("register, sr25519, certificate", "pallet_devices", "register_certified_sr25519"),
    ("register, secp256k1, certificate", "pallet_devices", "register_certified_secp256k1"),
    ("register_batch, certificates, each", "pallet_devices", "register_batch"),
    ("certify", "pallet_devices", "certify"),
    ("assert_location", "pallet_devices", "assert_location"),
    ("assert_location, first", "pallet_devices", "assert_location_first"),
    ("describe", "pallet_devices", "describe"),
    ("register_rooted, ed25519, P-256", "pallet_devices", "register_rooted_ed25519"),
    ("register_rooted, sr25519, P-256", "pallet_devices", "register_rooted_sr25519"),
    ("register_rooted, secp256k1, P-256", "pallet_devices", "register_rooted_secp256k1"),
    ("rotate_rooted_key, ed25519, P-256", "pallet_devices", "rotate_rooted_key_ed25519"),
]

# The benchmark that each transaction extension declares as its weight; None: it declares zero, or
# the weight of the call's authorization.
EXTENSIONS = {
    "AuthorizeCall": None,
    "CheckNonZeroSender": ("frame_system_extensions", "check_non_zero_sender"),
    "CheckSpecVersion": ("frame_system_extensions", "check_spec_version"),
    "CheckTxVersion": ("frame_system_extensions", "check_tx_version"),
    "CheckGenesis": ("frame_system_extensions", "check_genesis"),
    "CheckEra": ("frame_system_extensions", "check_mortality_mortal_transaction"),
    "CheckNonce": ("frame_system_extensions", "check_nonce"),
    "CheckWeight": ("frame_system_extensions", "check_weight"),
    "ChargeTransactionPayment": ("pallet_transaction_payment", "charge_transaction_payment"),
    "CheckMetadataHash": None,
    "WeightReclaim": ("frame_system_extensions", "weight_reclaim"),
}

# Readings that the checks are reported at.
SIZES = (1, 1_000, 10_000)
SIGNATURES = "signatures"
CHECKS = {
    "check": "check, 1 reading per device",
    "check_ten_each": "check, 10 readings per device",
    "check_from_state": "check, 1 per device, registry in state",
}


class Failure(Exception):
    """What is wrong, and what to do about it."""

    def __init__(self, problem: str, remedy: str):
        super().__init__(f"error: {problem}\n  remedy: {remedy}")


@dataclass
class DbWeight:
    """Picoseconds of a read and of a write."""

    read: int
    write: int


@dataclass
class Linear:
    """A number that grows with components: base + Σ slope · component."""

    base: int = 0
    slopes: dict[str, int] = field(default_factory=dict)

    def at(self, components: dict[str, int]) -> int:
        grown = (slope * components.get(name, 0) for name, slope in self.slopes.items())
        return self.base + sum(grown)


@dataclass
class Weight:
    """What a function of a weights.rs returns."""

    time: Linear
    reads: Linear
    writes: Linear
    # The largest value of each component, where the file says it.
    highest: dict[str, int]

    def whole(self, db: DbWeight) -> int:
        """Picoseconds with all components at their highest."""
        at = self.highest
        return self.time.at(at) + self.reads.at(at) * db.read + self.writes.at(at) * db.write


def number(text: str) -> int:
    return int(text.replace("_", ""))


def read(path: Path, remedy: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror}", remedy) from error


def linear(body: str, method: str) -> Linear:
    """Reads or writes of a function's body."""
    base = re.search(rf"\.{method}\((\d+)_u64\)", body)
    slopes = re.findall(rf"\.{method}\(\((\d+)_u64\)\.saturating_mul\((\w)\.into\(\)\)\)", body)
    return Linear(
        int(base.group(1)) if base else 0, {name: int(slope) for slope, name in slopes}
    )


def parse_weights(path: Path) -> dict[str, Weight]:
    """The functions of `SubstrateWeight` in a file made by weights.hbs."""
    text = read(path, "measure first: scripts/weights --help")
    block = re.search(r"WeightInfo for SubstrateWeight<T> \{\n(.*?)\n\}\n", text, re.DOTALL)
    if block is None:
        raise Failure(f"{path} has no SubstrateWeight", "make it again with scripts/weights")
    function = re.compile(
        r"(?P<docs>(?:\t///[^\n]*\n)*)\tfn (?P<name>\w+)\((?P<args>[^)]*)\) -> Weight \{\n"
        r"(?P<body>.*?)\n\t\}",
        re.DOTALL,
    )
    weights = {}
    for found in function.finditer(block.group(1)):
        docs, body = found["docs"], found["body"]
        base = re.search(r"^\t\tWeight::from_parts\(([\d_]+), \d+\)", body, re.MULTILINE)
        if base is None:
            raise Failure(f"{path}: {found['name']} has no weight", "make it again")
        slopes = re.findall(
            r"Weight::from_parts\(([\d_]+), 0\)\.saturating_mul\((\w)\.into\(\)\)", body
        )
        ranges = re.findall(r"component `(\w)` is `\[\d+, (\d+)\]`", docs)
        # A file that was written by hand says no ranges.
        highest = {name: 1 for name in re.findall(r"(\w): u32", found["args"])}
        highest |= {name: int(high) for name, high in ranges}
        weights[found["name"]] = Weight(
            Linear(number(base.group(1)), {name: number(slope) for slope, name in slopes}),
            linear(body, "reads"),
            linear(body, "writes"),
            highest,
        )
    return weights


def frame_support(given: Path | None) -> Path:
    """The source of the frame-support that Cargo.lock names."""
    if given is not None:
        return given
    lock = read(ROOT / "Cargo.lock", "git checkout Cargo.lock")
    version = re.search(r'name = "frame-support"\nversion = "([^"]+)"', lock)
    if version is None:
        raise Failure("Cargo.lock has no frame-support", "git checkout Cargo.lock")
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    found = sorted(home.glob(f"registry/src/*/frame-support-{version.group(1)}"))
    if not found:
        raise Failure(
            f"the source of frame-support {version.group(1)} is not in {home}/registry",
            "build once, or name its directory with --frame-support",
        )
    return found[0]


def runtime_constants(sdk: Path) -> tuple[int, DbWeight]:
    """Weight of an empty extrinsic and of the database, as the runtime configures them."""
    system = ROOT / "runtime/src/configs/system.rs"
    config = read(system, "git status")
    remedy = f"teach scripts/bench-report.py what {system} says"
    db_name = re.search(r"type DbWeight = (\w+);", config)
    base_name = re.search(r"base_extrinsic = (\w+)::(?:get|zero)\(\)", config)
    if db_name is None or base_name is None:
        raise Failure("the runtime's base or database weights are not where they were", remedy)

    base = 0
    if base_name.group(1) == "ExtrinsicBaseWeight":
        source = read(sdk / "src/weights/extrinsic_weights.rs", remedy)
        found = re.search(r"WEIGHT_REF_TIME_PER_NANOS\.saturating_mul\(([\d_]+)\)", source)
        if found is None:
            raise Failure("frame-support's ExtrinsicBaseWeight reads differently", remedy)
        base = number(found.group(1)) * PER_NANO
    elif base_name.group(1) != "Weight":
        raise Failure(f"unknown base weight {base_name.group(1)}", remedy)

    for name in ("paritydb_weights.rs", "rocksdb_weights.rs"):
        found = re.search(
            rf"const {db_name.group(1)}: RuntimeDbWeight = RuntimeDbWeight \{{\s*"
            r"read: ([\d_]+) \* constants::WEIGHT_REF_TIME_PER_NANOS,\s*"
            r"write: ([\d_]+) \* constants::WEIGHT_REF_TIME_PER_NANOS,",
            read(sdk / "src/weights" / name, remedy),
        )
        if found is not None:
            nanos = [number(group) * PER_NANO for group in found.groups()]
            return base, DbWeight(*nanos)
    raise Failure(f"unknown database weight {db_name.group(1)}", remedy)


def extensions() -> list[tuple[str, str]]:
    """The benchmarks that the runtime's transaction extensions declare."""
    path = ROOT / "runtime/src/transaction.rs"
    found = re.search(r"pub type TxExtension = \(\n(.*?)\n\);", read(path, "git status"), re.DOTALL)
    names = re.findall(r"(\w+)<Runtime>,", found.group(1)) if found else []
    unknown = [name for name in names if name not in EXTENSIONS]
    if not names or unknown:
        raise Failure(
            f"{path} names transaction extensions this report does not know: {unknown}",
            "add them to EXTENSIONS in scripts/bench-report.py",
        )
    return [benchmark for name in names if (benchmark := EXTENSIONS[name]) is not None]


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, all columns but the first aligned to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows)]

    def line(cells: list[str]) -> str:
        first, *others = zip(cells, widths)
        aligned = [first[0].ljust(first[1])] + [cell.rjust(width) for cell, width in others]
        return "| " + " | ".join(aligned) + " |"

    rule = "|" + "|".join(
        "-" * (width + 1) + ("-" if at == 0 else ":") for at, width in enumerate(widths)
    ) + "|"
    return "\n".join([line(header), rule, *map(line, rows)])


def micros(picos: float) -> str:
    return f"{picos / PER_MICRO:,.1f}"


def verdict(ratio: float) -> str:
    return "met" if ratio <= TARGET else "missed"


def cpu() -> str:
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found.group(1) if found else "an unknown CPU"


class Measured:
    """The weights that were measured, by pallet, read when they are asked for."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.pallets: dict[str, dict[str, Weight]] = {}

    def get(self, pallet: str, benchmark: str) -> Weight:
        if pallet not in self.pallets:
            self.pallets[pallet] = parse_weights(self.directory / f"{pallet}.rs")
        weights = self.pallets[pallet]
        if benchmark not in weights:
            raise Failure(
                f"{pallet} was measured without {benchmark}",
                "measure again; if the benchmark has another name, change scripts/bench-report.py",
            )
        return weights[benchmark]


def report_calls(measured: Measured, base: int, db: DbWeight) -> str:
    """The whole declared extrinsics against a transfer."""
    extension = sum(measured.get(*benchmark).whole(db) for benchmark in extensions())

    def parts(pallet: str, call: str) -> tuple[Weight, int]:
        weight = measured.get(pallet, call)
        return weight, base + extension + weight.whole(db)

    transfer = parts(*TRANSFER[1:])[1]
    rows = []
    for label, *names in [TRANSFER, *CALLS]:
        weight, whole = parts(*names)
        if label.endswith(", each"):
            whole //= math.prod(weight.highest.values())
        ratio = whole / transfer
        rows.append([
            label,
            micros(base),
            micros(extension),
            micros(weight.time.at(weight.highest)),
            str(weight.reads.at(weight.highest)),
            str(weight.writes.at(weight.highest)),
            micros(whole),
            f"{ratio:.2f}",
            "" if label == TRANSFER[0] else verdict(ratio),
        ])
    header = [
        "extrinsic", "base", "extensions", "call", "reads", "writes", "whole",
        "× transfer", f"≤ {TARGET:g}",
    ]
    return table(header, rows)


def parse_checks(path: Path) -> dict[str, dict[int, float]]:
    """Median time in nanoseconds of each benchmark of cairn_check, by readings."""
    try:
        batches = json.loads(read(path, "measure first: scripts/bench"))
    except json.JSONDecodeError as error:
        raise Failure(f"{path} is no JSON: {error}", "measure again: scripts/bench") from error
    medians = {}
    for batch in batches:
        times: dict[int, list[int]] = {}
        for result in batch["time_results"]:
            readings = dict(map(tuple, result["components"]))["r"]
            times.setdefault(readings, []).append(int(result["extrinsic_time"]))
        medians[batch["benchmark"]] = {
            readings: statistics.median(values) for readings, values in times.items()
        }
    return medians


def report_checks(checks: dict[str, dict[int, float]]) -> str:
    """Time of a reading's check against the bare check of its signature."""
    rows = []
    for name, label in {SIGNATURES: "signature alone", **CHECKS}.items():
        for size in SIZES:
            try:
                whole, bare = checks[name][size], checks[SIGNATURES][size]
            except KeyError as error:
                raise Failure(
                    f"there is no measurement of {name} at {size} readings",
                    "measure again: scripts/bench",
                ) from error
            ratio = whole / bare
            rows.append([
                label,
                f"{size:,}",
                f"{whole / 1e6:,.2f}",
                f"{whole / size / 1e3:,.1f}",
                f"{ratio:.2f}",
                # A single reading bears what a whole batch costs once.
                verdict(ratio) if name in CHECKS and size > 1 else "",
            ])
    header = ["", "readings", "ms", "µs a reading", "× signature", f"≤ {TARGET:g}"]
    return table(header, rows)


def report_size(wasm: Path) -> str:
    if not wasm.is_file():
        return f"Runtime: there is no {wasm}; make build"
    size = wasm.stat().st_size
    return f"Runtime as this profile builds it: {size:,} bytes ({size / 1_048_576:.2f} MiB)"


def targets(arguments: argparse.Namespace) -> int:
    base, db = runtime_constants(frame_support(arguments.frame_support))
    calls = report_calls(Measured(arguments.directory), base, db)
    checks = report_checks(parse_checks(arguments.directory / "check.json"))
    print(f"\nOn {cpu()}.\n")
    print("Declared extrinsics, in µs of weight, reads and writes of the call beside them; a read")
    print(f"weighs {micros(db.read)} µs, a write {micros(db.write)} µs.\n")
    print(calls)
    print("\nChecks of readings in wasm, median.\n")
    print(checks)
    print(f"\n{report_size(arguments.wasm)}")
    return 0


def weights(arguments: argparse.Namespace) -> int:
    """Compare what was measured with what is committed; fails if functions differ."""
    _, db = runtime_constants(frame_support(arguments.frame_support))
    rows, different = [], []
    for path in sorted(arguments.directory.glob("pallet_*.rs")):
        pallet = path.stem
        committed_path = ROOT / "pallets" / pallet.removeprefix("pallet_") / "src/weights.rs"
        if not committed_path.is_file():
            continue
        new, old = parse_weights(path), parse_weights(committed_path)
        different += [f"{pallet}::{name}" for name in sorted(new.keys() ^ old.keys())]
        for name in new.keys() & old.keys():
            # At the same components, or the comparison would be of those.
            old[name].highest = new[name].highest
        for name in (name for name in new if name in old):
            was, is_now = old[name].whole(db), new[name].whole(db)
            ratio = is_now / was if was else float("inf")
            changed = ratio > TOLERANCE or ratio < 1 / TOLERANCE
            rows.append([
                f"{pallet}::{name}", micros(was), micros(is_now), f"{ratio:.2f}",
                "changed" if changed else "",
            ])
    if not rows and not different:
        raise Failure(f"{arguments.directory} holds no weights", "measure first: scripts/weights")
    print(table(["benchmark", "committed, µs", "measured, µs", "ratio", ""], rows))
    if different:
        print(f"only in one of the two: {', '.join(different)}; make them again: scripts/weights")
    return 1 if different else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--frame-support", type=Path, metavar="DIR",
        help="source of frame-support, whose constants count [default: cargo's registry]",
    )
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("targets", help="what scripts/bench --keep DIR measured")
    command.add_argument("directory", type=Path, metavar="DIR")
    command.add_argument("--wasm", type=Path, required=True, help="the runtime that nodes run")
    command.set_defaults(run=targets)
    command = commands.add_parser("weights", help="compare DIR/*.rs with the pallets' weights.rs")
    command.add_argument("directory", type=Path, metavar="DIR")
    command.set_defaults(run=weights)
    arguments = parser.parse_args()
    try:
        return arguments.run(arguments)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
