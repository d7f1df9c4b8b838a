#!/usr/bin/env python3
"""Write the golden vectors of Cairn's telemetry formats, or check that they are up to date.

Everything here is written from docs/src/reference/formats.md and shares no code with the Rust
implementation: hashes, SCALE, trees, signatures and `step` are done a second time, as plainly as
possible and with the standard library only.

In the files, bytes are lower-case hex; integers beyond 2^53 - 1 are decimal strings.
"""

import argparse
import hashlib
import hmac
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent


# --- Integers and hashes -------------------------------------------------------------------------

def le(size, signed=False):
    return lambda number: number.to_bytes(size, "little", signed=signed)


u8, u16, u32, u64, u128 = le(1), le(2), le(4), le(8), le(16)
i8, i64 = le(1, signed=True), le(8, signed=True)


def H(*parts):
    """blake2-256 over the parts, concatenated."""
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def number(digest):
    """The first eight bytes, little-endian."""
    return int.from_bytes(digest[:8], "little")


IV = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A]
IV += [0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
CHUNK_START, CHUNK_END, PARENT, ROOT, MASK = 1, 2, 4, 8, 0xFFFFFFFF
COLUMNS_THEN_DIAGONALS = [
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
]


def compress(chaining, block, counter, length, flags):
    """The BLAKE3 compression function; returns the first eight words of its output."""
    rotate = lambda word, by: ((word >> by) | (word << (32 - by))) & MASK
    words = [int.from_bytes(block.ljust(64, b"\0")[i : i + 4], "little") for i in range(0, 64, 4)]
    v = chaining + IV[:4] + [counter & MASK, counter >> 32, length, flags]
    for _ in range(7):
        for i, (a, b, c, d) in enumerate(COLUMNS_THEN_DIAGONALS):
            for word, right, left in ((words[2 * i], 16, 12), (words[2 * i + 1], 8, 7)):
                v[a] = (v[a] + v[b] + word) & MASK
                v[d] = rotate(v[d] ^ v[a], right)
                v[c] = (v[c] + v[d]) & MASK
                v[b] = rotate(v[b] ^ v[c], left)
        words = [words[place] for place in PERMUTATION]
    return [v[i] ^ v[i + 8] for i in range(8)]


def chunk_output(chunk, counter, root):
    chaining = IV
    blocks = [chunk[i : i + 64] for i in range(0, len(chunk), 64)] or [b""]
    for i, block in enumerate(blocks):
        last = i == len(blocks) - 1
        flags = (CHUNK_START if i == 0 else 0) | ((CHUNK_END | root) if last else 0)
        chaining = compress(chaining, block, counter, len(block), flags)
    return chaining


def blake3(data, counter=0, root=ROOT):
    """Chaining words of a subtree: the left side holds the largest power of two of chunks."""
    if len(data) <= 1024:
        words = chunk_output(data, counter, root)
    else:
        chunks = (len(data) - 1) // 1024
        left = 1 << (chunks.bit_length() - 1)
        halves = blake3(data[: left * 1024], counter, 0)
        halves += blake3(data[left * 1024 :], counter + left, 0)
        block = b"".join(u32(word) for word in halves)
        words = compress(IV, block, 0, 64, PARENT | root)
    return b"".join(u32(word) for word in words) if root else words


# --- Signatures ----------------------------------------------------------------------------------

# Edwards-curve keys (RFC 8032); points are (x, y, z) with x/z and y/z.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202


def edwards_add(a, b):
    (ax, ay, az), (bx, by, bz) = a, b
    z, cross = az * bz, D * ax * bx * ay * by
    square = z * z
    minus, plus = (square - cross) % P, (square + cross) % P
    x = z * minus * (ax * by + ay * bx)
    y = z * plus * (ay * by + ax * bx)
    return x % P, y % P, minus * plus % P


def ed25519_point(scalar):
    """The encoding of `scalar` times the base point."""
    result, point = (0, 1, 1), (BASE_X, BASE_Y, 1)
    while scalar:
        if scalar & 1:
            result = edwards_add(result, point)
        point, scalar = edwards_add(point, point), scalar >> 1
    x, y, z = result
    inverse = pow(z, P - 2, P)
    return ((y * inverse % P) | ((x * inverse % P & 1) << 255)).to_bytes(32, "little")


def ed25519_secret(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    return scalar, digest[32:]


def ed25519_public(seed):
    return ed25519_point(ed25519_secret(seed)[0])


def ed25519_sign(seed, message):
    modulo = lambda data: int.from_bytes(hashlib.sha512(data).digest(), "little") % ORDER
    scalar, prefix = ed25519_secret(seed)
    nonce = modulo(prefix + message)
    commitment = ed25519_point(nonce)
    challenge = modulo(commitment + ed25519_public(seed) + message)
    return commitment + ((nonce + challenge * scalar) % ORDER).to_bytes(32, "little")


# P-256 (SP 800-186) with SHA-256; points are (x, y), None is the identity.
P256_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def p256_add(a, b):
    if a is None or b is None:
        return a or b
    (ax, ay), (bx, by), prime = a, b, P256_PRIME
    if ax == bx and (ay + by) % prime == 0:
        return None
    rise, run = (3 * ax * ax - 3, 2 * ay) if a == b else (by - ay, bx - ax)
    slope = rise * pow(run, -1, prime) % prime
    x = (slope * slope - ax - bx) % prime
    return x, (slope * (ax - x) - ay) % prime


def p256_point(scalar):
    """`scalar` times the base point."""
    result, point = None, P256_BASE
    while scalar:
        if scalar & 1:
            result = p256_add(result, point)
        point, scalar = p256_add(point, point), scalar >> 1
    return result


def p256_public(secret):
    x, y = p256_point(int.from_bytes(secret, "big"))
    return u8(2 + y % 2) + x.to_bytes(32, "big")


def p256_nonce(secret, digest):
    """RFC 6979, section 3.2; its second loop is never needed for this curve."""
    mac = lambda key, *parts: hmac.new(key, b"".join(parts), "sha256").digest()
    reduced = int.from_bytes(digest, "big") % P256_ORDER
    seed = secret + reduced.to_bytes(32, "big")
    value, key = b"\1" * 32, b"\0" * 32
    for tag in (b"\0", b"\1"):
        key = mac(key, value, tag, seed)
        value = mac(key, value)
    return int.from_bytes(mac(key, value), "big")


def p256_sign(secret, message, low=True):
    """r and s, `s` at most half of the order unless it may be high."""
    digest = hashlib.sha256(message).digest()
    nonce = p256_nonce(secret, digest)
    r = p256_point(nonce)[0] % P256_ORDER
    product = r * int.from_bytes(secret, "big")
    s = pow(nonce, -1, P256_ORDER) * (int.from_bytes(digest, "big") + product) % P256_ORDER
    if low and s > P256_ORDER // 2:
        s = P256_ORDER - s
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


# --- SCALE ---------------------------------------------------------------------------------------

ED25519 = b"\0"  # in the enums of keys and of signatures


def compact(count):
    assert count < 1 << 14, "no list here is longer"
    return u8(count << 2) if count < 64 else u16(count << 2 | 1)


def vector(encode, items):
    return compact(len(items)) + b"".join(encode(item) for item in items)


def text(name):
    return compact(len(name)) + name.encode()


def option(encode, value):
    return b"\0" if value is None else b"\1" + encode(value)


def scale_reading(r):
    head = u32(r["network"]) + u32(r["schema"]) + u64(r["device"]) + u64(r["sequence"])
    values = vector(lambda value: option(i64, value), r["values"])
    return head + r["anchor"] + u64(r["time"]) + values


def scale_signed(r):
    return scale_reading(r) + ED25519 + r["signature"]


def scale_account(leaf):
    head = u64(leaf["device"]) + u32(leaf["schema"]) + u64(leaf["sequence"]) + u64(leaf["time"])
    open_cycles = vector(lambda entry: u32(entry[0]) + u64(entry[1]), leaf["open"])
    return b"\0" + head + open_cycles + u128(leaf["settled"]) + vector(u64, leaf["totals"])  # V1


def scale_data(leaf):
    sample = lambda sample: i64(sample[0]) + u64(sample[1])
    return b"\0" + vector(lambda latest: option(sample, latest), leaf["latest"])  # V1


def scale_sums(sums):
    return u128(sums["units"]) + u64(sums["readings"]) + u32(sums["devices"])


def scale_header(header):
    roots = header["previousRoot"] + header["ledgerRoot"] + header["transitionRoot"]
    payload = header["payloadRoot"] + u64(header["payloadSize"])
    sums = scale_sums(header["sums"])
    return b"\0" + u32(header["attempt"]) + roots + sums + payload + u32(header["rules"])  # V1


def scale_proof(proof):
    return u32(proof["bitmap"]) + vector(bytes, proof["siblings"])


def scale_channel(channel):
    # Positions in the enums of quantities, units and kinds.
    quantity = {"temperature": 11, "energy": 24, "information": 28}[channel["quantity"]]
    unit = {"Cel": 25, "Wh": 70, "B": 73}[channel["unit"]]
    kind = ["gauge", "counter"].index(channel["kind"])
    head = text(channel["name"]) + u8(quantity) + u8(unit) + i8(channel["scale"]) + u8(kind)
    return head + i64(channel["min"]) + i64(channel["max"]) + option(u64, channel["maxChange"])


def scale_context(c):
    periods, rules, schema, meter = c["periods"], c["rules"], c["schema"], c["meter"]
    if "uptime" in meter:
        scale_meter = b"\0" + u16(meter["uptime"]["expected"]) + u64(meter["uptime"]["cap"])
    else:
        scale_meter = b"\1" + u8(meter["counter"]["channel"]) + u64(meter["counter"]["maxRate"])
    names = "windowSlots verdictTicks attestTicks disputeTicks appealTicks cycleTicks keptCycles"
    return b"".join([
        c["genesis"], u32(c["window"]), u32(c["tick"]), c["required"], u32(c["rulesVersion"]),
        u16(rules["step"]), u16(rules["header"]),
        u32(rules["maxReadings"]), u64(rules["maxPayload"]),
        u64(periods["slotMillis"]), *(u32(periods[name]) for name in names.split()),
        u32(c["network"]), u32(c["schemaId"]),
        text(schema["name"]), u16(schema["version"]), vector(scale_channel, schema["channels"]),
        scale_meter, u8(c["active"]),
    ])


# --- Readings, trees, batches --------------------------------------------------------------------

def reading_message(genesis, reading):
    return H(b"cairn/reading/1", genesis, scale_reading(reading))


def sign_reading(genesis, seed, reading):
    return {**reading, "signature": ed25519_sign(seed, reading_message(genesis, reading))}


def readings_digest(readings):
    return H(b"cairn/readings/1", *(scale_signed(reading) for reading in readings))


def leaf_hash(slot, leaf):
    return H(b"\0", u32(slot), H(scale_account(leaf)), H(scale_data(leaf)))


def transition_join(left, right):
    annotated = lambda node: node["hash"] + scale_sums(node["sums"])
    sums = {name: part + right["sums"][name] for name, part in left["sums"].items()}
    return {"hash": H(b"\3", annotated(left), annotated(right)), "sums": sums}


def empty_table(join, leaf):
    table = [leaf]
    for _ in range(32):
        table.append(join(table[-1], table[-1]))
    return table


NOTHING = {"hash": bytes(32), "sums": {"units": 0, "readings": 0, "devices": 0}}
ledger_join = lambda left, right: H(b"\1", left, right)
LEDGER = (ledger_join, empty_table(ledger_join, bytes(32)))
TRANSITION = (transition_join, empty_table(transition_join, NOTHING))


def subtree(tree, leaves, level=32, index=0):
    """The node over slots index * 2^level ..; `leaves` are those below it, by slot."""
    join, empty = tree
    if not leaves:
        return empty[level]
    if level == 0:
        return leaves[index]
    border = (2 * index + 1) << (level - 1)
    left = {slot: node for slot, node in leaves.items() if slot < border}
    right = {slot: node for slot, node in leaves.items() if slot >= border}
    below = level - 1
    return join(subtree(tree, left, below, 2 * index), subtree(tree, right, below, 2 * index + 1))


def prove(hashes, slot):
    bitmap, siblings = 0, []
    for level in range(32):
        index = (slot >> level) ^ 1
        below = {other: node for other, node in hashes.items() if other >> level == index}
        if below:
            bitmap |= 1 << level
            siblings.append(subtree(LEDGER, below, level, index))
    return {"bitmap": bitmap, "siblings": siblings}


def pieces(ledger, touched, level=32, index=0):
    """The pieces of a ledger that a batch touching `touched` needs."""
    if not ledger:
        return [b"\2" + u32(slot) for slot in sorted(touched)]
    if not touched:
        hashes = {slot: leaf_hash(slot, leaf) for slot, leaf in ledger.items()}
        return [b"\0" + u8(level) + u32(index) + subtree(LEDGER, hashes, level, index)]
    if level == 0:
        return [b"\1" + u32(index) + scale_account(ledger[index]) + scale_data(ledger[index])]
    half = lambda side: lambda slot: slot >> (level - 1) == 2 * index + side
    found = []
    for side in (0, 1):
        inside = {slot: ledger[slot] for slot in filter(half(side), ledger)}
        found += pieces(inside, list(filter(half(side), touched)), level - 1, 2 * index + side)
    return found


def entry_hash(e):
    leaves = u32(e["slot"]) + e["oldLeaf"] + e["newLeaf"]
    return H(b"\2", leaves, u8(e["readings"]), e["digest"], u64(e["units"]))


def entry_node(entry):
    sums = {"units": entry["units"], "readings": entry["readings"], "devices": 1}
    return {"hash": entry_hash(entry), "sums": sums}


def header_hash(genesis, gateway, window, header):
    return H(b"cairn/header/1", genesis, u32(gateway), u32(window), scale_header(header))


def scale_verdict(verdict):
    if isinstance(verdict, dict):
        return b"\1" + u8(verdict["invalid"])  # the fault's code
    return {"valid": b"\0", "unavailable": b"\2"}[verdict]


def verdict_message(genesis, v):
    batch = u32(v["gateway"]) + u32(v["window"]) + u32(v["attempt"]) + v["headerHash"]
    member = u32(v["session"]) + u32(v["member"]) + scale_verdict(v["verdict"]) + v["tag"]
    return H(b"cairn/verdict/1", genesis, batch, member)


def tag(header, member, chunk):
    return H(b"cairn/tag/1", header, u32(member), chunk)


def chunk_index(seed, member, size):
    return number(H(b"cairn/chunk/1", seed, u32(member))) % ((size + 1023) // 1024)


def committee(seed, validators, size):
    """A Fisher-Yates shuffle of all validators, stopped after `size` places; at most 64."""
    order = list(range(validators))
    size = min(size, validators, 64)
    for place in range(size):
        pick = place + number(H(b"cairn/committee/1", seed, u32(place))) % (validators - place)
        order[place], order[pick] = order[pick], order[place]
    return order[:size]


# --- Step ----------------------------------------------------------------------------------------

class Fault(Exception):
    """A reading makes the batch invalid; the argument is the fault's code."""


def settle(entries, tick, periods, rates):
    """What the frozen of the open cycles are worth at `tick`, and the cycles that stay open."""
    mature = periods["attestTicks"] + periods["disputeTicks"] + periods["appealTicks"]
    worth, still = 0, []
    for cycle, units in entries:
        frozen = tick >= (cycle + 1) * periods["cycleTicks"] + mature
        expired = cycle + periods["keptCycles"] < tick // periods["cycleTicks"]
        if not frozen:
            still.append((cycle, units))
        elif not expired:
            worth += units * rates.get(cycle, 0) >> 64
    return worth, still


def is_plausible(channel, value, time, latest):
    if value is None:
        return True
    if not channel["min"] <= value <= channel["max"]:
        return False
    if latest is None or channel["maxChange"] is None:
        return True
    counter = channel["kind"] == "counter"
    change = increase_of(channel, value, latest) if counter else abs(value - latest[0])
    return change * 1000 <= channel["maxChange"] * (time - latest[1])


def ensure_sound(context, device, leaf, reading):
    width = context["periods"]["slotMillis"] * context["periods"]["windowSlots"]
    for holds, code in [
        (reading["network"] == context["network"], 4),
        (reading["schema"] == context["schemaId"], 5),
        (reading["device"] == device, 6),
        (len(reading["values"]) == len(context["schema"]["channels"]), 12),
        (reading["time"] // width == context["window"], 9),
        (leaf["sequence"] is None or reading["sequence"] > leaf["sequence"], 10),
        (leaf["time"] is None or reading["time"] > leaf["time"], 11),
    ]:
        if not holds:
            raise Fault(code)


def increase_of(channel, value, latest):
    """What a counter added: from its latest value, or from zero after a restart."""
    if channel["kind"] != "counter" or value is None or latest is None:
        return 0
    return value if value < latest[0] else value - latest[0]


NEW_LEAF = {"schema": None, "sequence": None, "time": None, "open": [], "settled": 0}


def step(context, rates, device, before, readings):
    """Returns the leaf after, units, outliers and readings without the required anchor."""
    channels, meter, periods = context["schema"]["channels"], context["meter"], context["periods"]
    width = periods["slotMillis"] * periods["windowSlots"]
    counters = [i for i, channel in enumerate(channels) if channel["kind"] == "counter"]
    leaf = dict(before or {"device": device, **NEW_LEAF})
    if not 1 <= len(readings) <= 128:
        raise Fault(3)
    if leaf["device"] != device:
        raise Fault(6)
    if leaf["schema"] != context["schemaId"]:
        leaf["schema"] = context["schemaId"]
        leaf["totals"], leaf["latest"] = [0] * len(counters), [None] * len(channels)
    totals, latest = list(leaf["totals"]), list(leaf["latest"])
    hits, credits, outliers, unanchored = set(), 0, 0, 0
    for reading in readings:
        ensure_sound(context, device, leaf, reading)
        leaf["sequence"], leaf["time"] = reading["sequence"], reading["time"]
        time = reading["time"]
        values = list(zip(channels, reading["values"], latest))
        if not all(is_plausible(channel, value, time, old) for channel, value, old in values):
            outliers += 1
            continue
        if reading["anchor"] == context["required"]:
            if "uptime" in meter:
                hits.add((time % width) * meter["uptime"]["expected"] // width)
            for place, index in enumerate(counters):
                grown = increase_of(*values[index])
                totals[place] += grown
                if "counter" in meter and meter["counter"]["channel"] == index and latest[index]:
                    elapsed = time - latest[index][1]
                    credits += min(grown, meter["counter"]["maxRate"] * elapsed // 1000)
        else:
            unanchored += 1
        latest = [old if value is None else (value, time) for _, value, old in values]
    if "uptime" in meter:
        units = meter["uptime"]["cap"] * len(hits) // meter["uptime"]["expected"]
    else:
        units = min(credits, meter["counter"]["maxRate"] * width // 1000)
    worth, still = settle(leaf["open"], context["tick"], periods, rates)
    if units:
        cycle, open_cycles = context["tick"] // periods["cycleTicks"], dict(still)
        open_cycles[cycle] = open_cycles.get(cycle, 0) + units
        still = sorted(open_cycles.items())
    if len(still) > 3:
        raise Fault(14)
    leaf.update(open=still, settled=leaf["settled"] + worth, totals=totals, latest=latest)
    return leaf, units, outliers, unanchored


# --- What the files hold -------------------------------------------------------------------------

CASES = json.loads((HERE / "cases.json").read_text())
GENESIS, REQUIRED = H(b"genesis"), H(b"seed of the window before")
ANCHORS = {"none": bytes(32), "wrong": H(b"another seed"), "required": REQUIRED}
WINDOW = CASES["window"]
START = WINDOW * 6000
RATES = {int(cycle): rate for cycle, rate in CASES["rates"].items()}


def context_of(meter, schema=1, **changes):
    named = CASES["schemas"][str(schema)]
    channels = [CASES["channels"][name] for name in named["channels"]]
    base = {"genesis": GENESIS, "window": WINDOW, "required": REQUIRED, **CASES["context"]}
    base.update(schemaId=schema, schema={**named, "channels": channels})
    base.update(meter=CASES["meters"][meter], **changes)
    return {**base, "scale": scale_context(base)}


def leaf_of(**changes):
    """The usual leaf with changes, its times made absolute."""
    leaf = {**CASES["leaf"], **changes}
    leaf["time"] += START
    leaf["open"] = [tuple(entry) for entry in leaf["open"]]
    leaf["latest"] = [sample and (sample[0], START + sample[1]) for sample in leaf["latest"]]
    return leaf


def reading_of(after, sequence, changes=()):
    """The usual reading `after` milliseconds into the window, with changes."""
    usual = {"network": 5, "schema": 1, "device": 7, "sequence": sequence, "anchor": "required"}
    reading = {**usual, "time": START + after, "values": [2010, 10_100, 5500], **dict(changes)}
    return {**reading, "anchor": ANCHORS[reading["anchor"]], "signature": bytes(64)}


def reading_file():
    signed = []
    for i, unsigned in enumerate([
        reading_of(0, 0, {"values": []}),
        reading_of(1, 1, {"values": [-5000, None, 0], "anchor": "none"}),
        reading_of(5999, 2**64 - 1, {"values": [-(2**63), 2**63 - 1], "device": 2**64 - 1}),
        reading_of(777, 2**53, {"values": [None] * 16, "anchor": "wrong", "network": 2**32 - 1}),
    ]):
        seed = H(b"device", u8(i))
        full = sign_reading(GENESIS, seed, unsigned)
        message, key = reading_message(GENESIS, unsigned), ED25519 + ed25519_public(seed)
        full.update(scale=scale_reading(unsigned), message=message, seed=seed, key=key)
        signed.append({**full, "signed": scale_signed(full)})
    digest = lambda of: {"of": of, "digest": readings_digest([signed[i] for i in of])}
    digests = [digest(of) for of in ([], [0], [1, 2], [2, 1], [0, 1, 2, 3])]
    return {"genesis": GENESIS, "readings": signed, "digests": digests}


def leaf_parts(slot, leaf):
    account, data = scale_account(leaf), scale_data(leaf)
    hashes = {"accountHash": H(account), "dataHash": H(data), "hash": leaf_hash(slot, leaf)}
    return {"slot": slot, "leaf": leaf, "account": account, "data": data, **hashes}


def ledger_tree(slots):
    hashes = {slot: H(b"leaf", u32(slot)) for slot in slots}
    proofs = []
    for slot in sorted({*slots[:1], *slots[-1:], 4, 2**31 + 5}):
        proof = prove(hashes, slot)
        proofs.append({"slot": slot, **proof, "scale": scale_proof(proof)})
    leaves = [{"slot": slot, "hash": hashes[slot]} for slot in slots]
    return {"leaves": leaves, "root": subtree(LEDGER, hashes), "proofs": proofs}


def ledger_file():
    fresh = leaf_of(open=[], settled=0, totals=[], latest=[])
    most = 2**64 - 1
    full = {"device": most, "schema": 2**32 - 1, "sequence": most, "time": most}
    full.update(open=[(2**32 - 3, 1), (2**32 - 2, 2), (2**32 - 1, most)], settled=2**128 - 1)
    full.update(totals=list(range(16)), latest=[(-(2**63), most), None] * 8)
    leaves = [leaf_parts(*case) for case in [(0, fresh), (1, leaf_of()), (2**32 - 1, full)]]
    node = H(b"node")
    refused = [
        {"bitmap": 0, "siblings": [node], "fault": "SiblingCount"},
        {"bitmap": 5, "siblings": [node], "fault": "SiblingCount"},
        {"bitmap": 1, "siblings": [bytes(32)], "fault": "EmptySibling"},
        {"bitmap": 1 << 31 | 1, "siblings": [node, LEDGER[1][31]], "fault": "EmptySibling"},
    ]
    hashes = {1: leaves[1]["hash"], 2: node, 2**31: node}
    revealed = u32(3) + u32(WINDOW) + u32(1) + leaves[1]["account"] + leaves[1]["dataHash"]
    claim = {"scale": revealed + scale_proof(prove(hashes, 1)), "root": subtree(LEDGER, hashes)}
    trees = [ledger_tree(slots) for slots in CASES["ledgers"]]
    known = {"empty": LEDGER[1], "leaves": leaves, "trees": trees}
    return {**known, "refused": refused, "claim": claim}


def transition_file():
    entries = []
    for i, slot in enumerate(CASES["entries"]):
        old = bytes(32) if i % 2 else H(b"old", u8(i))
        entry = {"slot": slot, "oldLeaf": old, "newLeaf": H(b"new", u8(i)), "readings": 1 + 25 * i}
        entry.update(digest=H(b"digest", u8(i)), units=(2**64 - 1) * i // 5)
        entries.append({**entry, "hash": entry_hash(entry)})
    nodes = lambda of: {entries[i]["slot"]: entry_node(entries[i]) for i in of}
    trees = [{"of": of, **subtree(TRANSITION, nodes(of))} for of in CASES["transitions"]]
    empty = [node["hash"] for node in TRANSITION[1]]
    return {"empty": empty, "entries": entries, "trees": trees}


def batch_readings(seed, device, count):
    """Readings of which one of device 31 is out of range, and each fifth lacks the anchor."""
    for i in range(count):
        values = [6001 if (device, i) == (31, 2) else 2010 + i, 10_010 + 20 * i, None]
        changes = {"device": device, "values": values, "anchor": "none" if i == 4 else "required"}
        yield sign_reading(GENESIS, seed, reading_of(100 + 700 * i, 11 + i, changes))


def batch_file():
    context, batch = context_of("counter", tick=40), CASES["batch"]
    usual = lambda device: leaf_of(device=device, open=[(7, 10 * device + 1), (8, 3)])
    before = {int(slot): usual(device) for slot, device in batch["before"].items()}
    after, devices, payload, nodes, odd, loose = dict(before), [], b"", {}, 0, 0
    for slot, device, count in batch["touched"]:
        seed = H(b"batch device", u32(slot))
        readings = list(batch_readings(seed, device, count))
        stepped = step(context, RATES, device, before.get(slot), readings)
        after[slot], odd, loose = stepped[0], odd + stepped[2], loose + stepped[3]
        old = leaf_hash(slot, before[slot]) if slot in before else bytes(32)
        entry = {"slot": slot, "oldLeaf": old, "newLeaf": leaf_hash(slot, after[slot])}
        entry.update(readings=count, digest=readings_digest(readings), units=stepped[1])
        nodes[slot] = entry_node(entry)
        payload += u32(slot) + u8(count) + b"".join(map(scale_signed, readings))
        key = ED25519 + ed25519_public(seed)
        devices.append({"device": device, "key": key, "entry": entry, "after": after[slot]})
    root = lambda ledger: subtree(LEDGER, {at: leaf_hash(at, leaf) for at, leaf in ledger.items()})
    header = {"attempt": 1, "rules": context["rulesVersion"]}
    header.update(previousRoot=root(before), ledgerRoot=root(after))
    transition = subtree(TRANSITION, nodes)
    header.update(transitionRoot=transition["hash"], sums=transition["sums"])
    header.update(payloadRoot=blake3(payload), payloadSize=len(payload))
    name, seed, tags = header_hash(GENESIS, 3, WINDOW, header), H(b"committee seed"), []
    for member in range(6):
        index = chunk_index(seed, member, len(payload))
        chunk = payload[1024 * index : 1024 * (index + 1)]
        tags.append({"member": member, "chunk": index, "tag": tag(name, member, chunk)})
    pattern = lambda size: bytes(i % 251 for i in range(size))
    roots = [{"size": size, "root": blake3(pattern(size))} for size in CASES["payloads"]]
    ledger = [{"slot": slot, "leaf": leaf} for slot, leaf in sorted(before.items())]
    return {
        "gateway": 3, "context": context, "rates": RATES, "before": ledger, "devices": devices,
        "payload": payload, "pieces": b"".join(pieces(before, nodes)), "header": header,
        "scale": scale_header(header), "hash": name, "committeeSeed": seed, "tags": tags,
        "outliers": odd, "unanchored": loose, "payloadRoots": roots,
    }


def step_file():
    steps = []
    for case in CASES["steps"]:
        context = context_of(case["meter"], case.get("schema", 1), tick=case.get("tick", 40))
        changes = case.get("before", {})
        before = None if changes is None else leaf_of(**changes)
        readings = [reading_of(*reading) for reading in case["readings"]]
        try:
            after, units, outliers, unanchored = step(context, RATES, 7, before, readings)
            after.update(scale=scale_account(after) + scale_data(after))
            found = {"after": after, "units": units, "outliers": outliers}
            found.update(unanchored=unanchored)
        except Fault as fault:
            found = {"fault": fault.args[0]}
        given = {"name": case["name"], "context": context, "before": before, "readings": readings}
        steps.append({**given, **found})
    return {"device": 7, "rates": RATES, "steps": steps}


def verdict_file():
    claims = []
    for i, verdict in enumerate(["valid", "unavailable", {"invalid": 1}, {"invalid": 19}]):
        digest = bytes(32) if verdict == "unavailable" else H(b"tag", u8(i))
        claim = {"gateway": i, "window": WINDOW + i, "attempt": i, "headerHash": H(b"batch", u8(i))}
        claim.update(session=900 + i, member=20 - i, verdict=verdict, tag=digest)
        claims.append({**claim, "message": verdict_message(GENESIS, claim)})
    committees, chunks = [], []
    for i, (validators, size) in enumerate(CASES["committees"]):
        drawn = committee(H(b"committee", u8(i)), validators, size)
        given = {"seed": H(b"committee", u8(i)), "validators": validators, "size": size}
        committees.append({**given, "drawn": drawn})
    for i, size in enumerate(CASES["chunks"]):
        given = {"seed": H(b"chunk", u8(i)), "member": i, "size": size}
        chunks.append({**given, "chunk": chunk_index(**given)})
    return {"genesis": GENESIS, "claims": claims, "committees": committees, "chunks": chunks}


def certificates(device, root):
    """One of each version; the second, signed on P-256, names the root key."""
    maker, secret = H(b"maker"), H(b"security module")
    names = {"maker": 2, "keyIndex": 1, "model": "cairn-one", "serial": "A1-0001", "expiry": START}
    said = text("cairn-one") + text("A1-0001") + u64(START)
    message = H(b"cairn/certificate/1", GENESIS, u32(2), u8(1), device, said)
    scale = u8(0) + u32(2) + u8(1) + said + ed25519_sign(maker, message)
    first = {**names, "makerKey": ed25519_public(maker), "message": message, "scale": scale}
    said = text("cairn-one") + text("2026-31") + text("A1-0001") + u64(START)
    message = H(b"cairn/certificate/2", GENESIS, u32(2), u8(1), u8(1), root, said)
    scale = u8(1) + u32(2) + u8(1) + said + u8(1) + p256_sign(secret, message)
    second = {**names, "batch": "2026-31", "makerKey": p256_public(secret)}
    second.update(message=message, scale=scale)
    of_key = H(b"cairn/certificate/2", GENESIS, u32(2), u8(1), u8(0), device, said)
    return first, {**second, "messageWithoutRoot": of_key}


def identity_file():
    device, secret = ED25519 + ed25519_public(H(b"device")), H(b"secure element")
    root = u8(0) + p256_public(secret)
    certificate, second = certificates(device, root)
    possession = {"block": 4711, "blockHash": H(b"block"), "owner": H(b"owner"), "nonce": 12}
    where = GENESIS + u32(4711) + H(b"block") + H(b"owner") + u32(12)
    possession.update(message=H(b"cairn/possession/1", where, device))
    message = H(b"cairn/delegation/1", where, root, device)
    delegation = {"message": message, "scale": root + u8(0) + p256_sign(secret, message)}
    recovery = {"maker": 2, "keyIndex": 1, "device": 7, "changed": 4712}
    said = u32(2) + u8(1) + u64(7) + u32(4712) + device
    recovery.update(message=H(b"cairn/recovery/1", GENESIS, said, u8(1), root))
    recovery.update(messageWithoutRoot=H(b"cairn/recovery/1", GENESIS, said, u8(0)))
    objection = {"device": 7, "requested": 4713}
    objection.update(message=H(b"cairn/objection/1", GENESIS, u64(7), u32(4713), device))
    known = {"genesis": GENESIS, "device": device, "root": root, "certificate": certificate}
    known.update(certificateV2=second, possession=possession, delegation=delegation)
    return {**known, "recovery": recovery, "objection": objection}


def plain(value):
    """What JSON can carry without loss."""
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, int) and abs(value) >= 2**53:
        return str(value)
    return value.hex() if isinstance(value, bytes) else value


def test_primitives():
    """Known answers: BLAKE3's test vectors, RFC 8032 section 7.1, RFC 6979 section A.2.5."""
    pattern = bytes(i % 251 for i in range(1025))
    assert blake3(b"").hex().startswith("af1349b9f5f9a1a6a0404dea36dcc949")
    assert blake3(pattern).hex().startswith("d00278ae47eb27b34faecf67b4fe263f")
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert ed25519_public(seed).hex().startswith("d75a980182b10ab7d54bfed3c964073a")
    assert ed25519_sign(seed, b"").hex().startswith("e5564300c360ac729086e2cc806e828a")
    assert ed25519_sign(seed, b"").hex().endswith("d25bf5f0595bbe24655141438e7a100b")
    secret = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
    assert p256_public(secret).hex().startswith("0360fed4ba255a9d31c961eb74c6356d")
    assert p256_sign(secret, b"sample").hex().startswith("efd48b2aacb6a8fd1140dd9cd45e81d6")
    high = p256_sign(secret, b"sample", low=False).hex()
    assert high.endswith("f3e900dbb9aff4064dc4ab2f843acda8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if files differ")
    check = parser.parse_args().check
    test_primitives()
    makers = [reading_file, ledger_file, transition_file, step_file, batch_file, verdict_file]
    differ = []
    for make in [*makers, identity_file]:
        path = HERE / (make.__name__.removesuffix("_file") + ".json")
        content = json.dumps(plain(make()), indent=1) + "\n"
        if check and not (path.exists() and path.read_text() == content):
            differ.append(path.name)
        elif not check:
            path.write_text(content)
    if differ:
        sys.exit(f"not what generate.py makes: {', '.join(differ)}; run {HERE / 'generate.py'}")


if __name__ == "__main__":
    main()
