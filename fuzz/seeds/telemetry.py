"""Seeds of the targets that read certificates, readings, ledgers, batches and proofs: all of them from
the golden vectors' own script. And what the chain knows when such things come."""

import hashlib
import importlib.util
import json
import pathlib
import struct

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "primitives/telemetry/vectors/generate.py"


def load():
    spec = importlib.util.spec_from_file_location("vectors", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


V = load()
BATCH = V.batch_file()
IDENTITY = V.identity_file()
LEDGER = V.ledger_file()
READINGS = V.reading_file()["readings"]
FIRST, SECOND = IDENTITY["certificate"], IDENTITY["certificateV2"]

# Made with OpenSSL 3.0; what was signed is 0, 1, 2, …, 31.
OPENSSL_PEM = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbdxBdZC0eBezV1lx/B1eMkwR6ole
Q5ZGel6HpeCit362RH3Bpp2Cl0IB6kN3NTgC7pd9gbPMA91632Jvi7ribw==
-----END PUBLIC KEY-----
"""
OPENSSL_POINT = "036ddc417590b47817b3575971fc1d5e324c11ea895e4396467a5e87a5e0a2b77e"
OPENSSL_SCALARS = (
    "6c53e3471542802c632150bed0f9cb971a0af3e81038da029e2f77d09a8fa45e"
    "7a5fa8f4558ed32c7a541e85cacd94952f2c4121109cf23c48009a685e76b546"
)
OPENSSL_LOW = (
    "304402206c53e3471542802c632150bed0f9cb971a0af3e81038da029e2f77d09a8fa45e"
    "02207a5fa8f4558ed32c7a541e85cacd94952f2c4121109cf23c48009a685e76b546"
)
OPENSSL_HIGH = (
    "3046022100b1411e8d957d66067f8424350d17ef184fb3f1eb5177d24722c6f5e634d0a179"
    "022100b43f1697d5d034b489e14705690cdbbbd3634f984f986dce4b267486a5abd018"
)
# Made with tpm2-tools 5.4 by a software TPM (libtpms 0.9.2), in its own form.
TPM_OWN = (
    "0018000b002018d625fcd1411e7b92fe42c50da4a19fd1b3b286e45eaae125818daec8550a04"
    "0020d1ee147574238a8654af05e91d5a822bcc377fc6685668b9206d22fd948a74b2"
)


# --- What the chain knows ------------------------------------------------------------------------

def world():
    """Contents of the files that the targets include, by name."""
    devices = [
        V.u32(device["entry"]["slot"]) + V.u64(device["device"]) + device["key"]
        for device in BATCH["devices"]
    ]
    rates = [V.u32(cycle) + V.u128(rate) for cycle, rate in sorted(BATCH["rates"].items())]
    batch = BATCH["context"]["scale"] + BATCH["scale"]
    batch += V.vector(bytes, devices) + V.vector(bytes, rates)
    keys = [b"\0" + FIRST["makerKey"], b"\1" + SECOND["makerKey"]]
    makers = V.GENESIS + IDENTITY["device"] + IDENTITY["root"]
    makers += V.vector(bytes, keys) + V.vector(bytes, [FIRST["scale"], SECOND["scale"]])
    return {"batch.scale": batch, "makers.scale": makers}


# --- SCALE ---------------------------------------------------------------------------------------

NO_SIGNATURE = b"\0" + bytes(64)


def scale_leaf(leaf):
    return V.scale_account(leaf) + V.scale_data(leaf)


def scale_registration(certificate):
    possession = V.u32(4711) + V.u32(12) + NO_SIGNATURE
    delegation = b"\1" + IDENTITY["delegation"]["scale"]
    return IDENTITY["device"] + possession + delegation + b"\1" + certificate


def scale_schema():
    schema = BATCH["context"]["schema"]
    channels = V.vector(V.scale_channel, schema["channels"])
    return V.text(schema["name"]) + V.u16(schema["version"]) + channels


def scale_types():
    """An example of each type, in the order of the target's list."""
    registration = scale_registration(SECOND["scale"])
    reading, signed = READINGS[1]["scale"], READINGS[1]["signed"]
    proof = LEDGER["trees"][-1]["proofs"][0]
    verdict = V.u32(1) + V.u32(V.WINDOW) + V.u32(0) + V.H(b"batch") + V.u32(900) + V.u32(20)
    return {
        "certificate": SECOND["scale"],
        "registration": registration,
        "registrations": V.vector(bytes, [registration, scale_registration(FIRST["scale"])]),
        "possession": V.u32(4711) + V.u32(12) + NO_SIGNATURE,
        "delegation": IDENTITY["delegation"]["scale"],
        "approval": V.u8(1) + SECOND["scale"][-65:],
        "objection": b"\1" + NO_SIGNATURE,
        "identity": b"\1" + IDENTITY["root"],
        "schema": scale_schema(),
        "network-config": V.u32(1) + b"\0" + V.u16(6) + V.u64(600) + b"\1" + V.vector(V.u32, [1, 2]),
        "reading": reading,
        "signed-reading": signed,
        "header": BATCH["scale"],
        "leaf": scale_leaf(V.leaf_of()),
        "proof": V.scale_proof(proof),
        "claim": LEDGER["claim"]["scale"],
        "verdict-claim": verdict + V.scale_verdict({"invalid": 13}) + V.H(b"tag"),
        "readings": V.vector(bytes, [each["signed"] for each in READINGS]),
        "piece": b"\1" + V.u32(7) + scale_leaf(V.leaf_of()),
    }


# --- JSON ----------------------------------------------------------------------------------------

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def ss58(key):
    """An account or key as texts have it: base58 of prefix 42, key and checksum."""
    body = bytes([42]) + key
    body += hashlib.blake2b(b"SS58PRE" + body).digest()[:2]
    number, digits = int.from_bytes(body, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = ALPHABET[digit] + digits
    return digits


def hexed(data):
    return "0x" + data.hex()


def json_certificate():
    letters = lambda text: list(text.encode())
    claim = {"maker": 2, "key_index": 1, "model": letters("cairn-one"), "batch": letters("2026-31")}
    claim.update(serial=letters("A1-0001"), expiry=V.START)
    return {"V2": {"claim": claim, "signature": {"p256": hexed(SECOND["scale"][-64:])}}}


def json_delegation():
    root, signature = IDENTITY["root"][1:], IDENTITY["delegation"]["scale"][-64:]
    return {"root": {"p256": hexed(root)}, "signature": {"p256": hexed(signature)}}


def json_reading(signed):
    reading = {name: signed[name] for name in ("network", "schema", "device", "sequence")}
    reading.update(anchor=list(signed["anchor"]), time=signed["time"], values=signed["values"])
    return {"reading": reading, "signature": {"ed25519": signed["signature"].hex()}}


def json_schema():
    schema = BATCH["context"]["schema"]
    channels = [{**channel, "name": list(channel["name"].encode())} for channel in schema["channels"]]
    name = list(schema["name"].encode())
    return {"name": name, "version": schema["version"], "channels": channels}


def json_claim():
    leaf = V.leaf_of()
    account = {name: leaf[name] for name in ("device", "schema", "sequence", "time", "settled", "totals")}
    account["open"] = [{"cycle": cycle, "units": units} for cycle, units in leaf["open"]]
    node, data = V.H(b"node"), V.H(V.scale_data(leaf))
    proof = {"bitmap": 5, "siblings": [list(node), list(node)]}
    claim = {"gateway": 3, "window": V.WINDOW, "slot": 1, "account": {"V1": account}}
    return {**claim, "data": list(data), "proof": proof}


def json_types():
    """An example of each type, in the order of the target's list."""
    possession = {"block": 4711, "nonce": 12, "signature": {"sr25519": "00" * 64}}
    key = {"ed25519": ss58(IDENTITY["device"][1:])}
    registration = {"key": key, "possession": possession, "delegation": json_delegation()}
    return {
        "certificate": json_certificate(),
        "registration": {**registration, "certificate": json_certificate()},
        "readings": [json_reading(each) for each in READINGS],
        "schema": json_schema(),
        "network-config": {
            "schema": 1, "meter": {"counter": {"channel": 1, "max_rate": 100}},
            "admission": {"certified": [1, 2]},
        },
        "claim": json_claim(),
        "delegation": json_delegation(),
        "approval": {"key_index": 1, "signature": {"ed25519": "00" * 64}},
    }


# --- Seeds ---------------------------------------------------------------------------------------

def batches():
    pieces, payload = BATCH["pieces"], BATCH["payload"]
    whole = struct.pack("<H", len(pieces)) + pieces + payload
    changed = bytearray(payload)
    changed[60] ^= 1
    return {
        "good-vectors": b"\0" + whole,
        "good-in-parts": b"\x07" + whole,
        "bad-reading": b"\0" + struct.pack("<H", len(pieces)) + pieces + bytes(changed),
        "bad-cut": b"\0" + whole[:-1],
        "bad-ledger": b"\0" + struct.pack("<H", len(pieces) - 1) + pieces[:-1] + payload,
        "bad-nothing": b"\0\0\0",
    }


def steps():
    """Leaf and readings of the vectors' steps that have the context of the batch."""
    made = {}
    for case in V.step_file()["steps"]:
        context, is_uptime = case["context"], "uptime" in case["context"]["meter"]
        known = {name: context[name] for name in ("tick", "schemaId")}
        usual = V.CASES["meters"]["uptime"] if is_uptime else BATCH["context"]["meter"]
        if known != {"tick": 40, "schemaId": 1} or context["meter"] != usual:
            continue
        readings = b"".join(map(V.scale_signed, case["readings"]))
        body = bytes([is_uptime]) + V.option(scale_leaf, case["before"]) + readings
        slug = "-".join("".join(c if c.isalnum() else " " for c in case["name"].lower()).split())
        made[("bad-" if "fault" in case else "good-") + slug] = body
    return made


def ledgers():
    pieces = BATCH["pieces"]
    leaf = scale_leaf(V.leaf_of())
    subtree = b"\0" + V.u8(31) + V.u32(1) + V.H(b"node")
    vacant, first = b"\2" + V.u32(3), b"\1" + V.u32(7) + leaf
    return {
        "good-vectors": b"\0\xff" + pieces,
        "good-in-parts": b"\x03\x05" + pieces,
        "good-pieces": b"\x01\xff" + vacant + first + subtree,
        "good-nothing": b"\0\0",
        "bad-order": b"\0\0" + subtree + first,
        "bad-overlap": b"\0\0" + first + b"\0" + V.u8(3) + V.u32(0) + V.H(b"node"),
        "bad-level": b"\0\0\0" + V.u8(33) + V.u32(0) + V.H(b"node"),
        "bad-cut": b"\0\0" + first[:-1],
    }


def proofs():
    claim = LEDGER["claim"]["scale"]
    leaf = V.leaf_of()
    said = V.u32(3) + V.u32(V.WINDOW) + V.u32(1) + V.scale_account(leaf) + V.H(V.scale_data(leaf))
    made = {"good-vectors": claim, "bad-cut": claim[:-1]}
    for number, tree in enumerate(LEDGER["trees"]):
        proof = tree["proofs"][0]
        made[f"good-tree-{number}"] = said + V.scale_proof(proof)
    for number, refused in enumerate(LEDGER["refused"]):
        made[f"bad-{refused['fault'].lower()}-{number}"] = said + V.scale_proof(refused)
    return made


def certificates():
    first, second = FIRST["scale"], SECOND["scale"]
    flipped = lambda scale: scale[:-1] + bytes([scale[-1] ^ 1])
    return {
        "good-v1": first,
        "good-v2": second,
        "bad-signature-v1": flipped(first),
        "bad-signature-v2": flipped(second),
        "bad-version": b"\2" + first[1:],
        "bad-kind": second[:-65] + b"\0" + second[-64:],
        "bad-long-model": first[:6] + V.compact(33) + first[7:],
        "bad-cut": second[:-1],
    }


def signatures():
    secret, message = V.H(b"security module"), SECOND["message"]
    high = V.p256_sign(secret, message, low=False)
    if high == V.p256_sign(secret, message):
        high = high[:32] + (V.P256_ORDER - int.from_bytes(high[32:], "big")).to_bytes(32, "big")
    counted = bytes(range(32))
    openssl = bytes.fromhex(OPENSSL_POINT) + bytes.fromhex(OPENSSL_SCALARS)
    return {
        "good-openssl": openssl + counted,
        "good-vectors": SECOND["makerKey"] + SECOND["scale"][-64:] + message,
        "bad-high": SECOND["makerKey"] + high + message,
        "bad-message": openssl + bytes(32),
        "bad-point": b"\4" + openssl[1:] + counted,
        "bad-zero": openssl[:33] + bytes(64) + counted,
        "bad-cut": openssl,
    }


def keys():
    unhex = bytes.fromhex
    prefix = unhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
    x = int.from_bytes(unhex(OPENSSL_POINT)[1:], "big")
    square = (x**3 - 3 * x + 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B) % V.P256_PRIME
    y = pow(square, (V.P256_PRIME + 1) // 4, V.P256_PRIME)
    y = y if y % 2 else V.P256_PRIME - y  # the point's tag is 3: odd
    point = b"\4" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    return {
        "good-pem": OPENSSL_PEM.encode(),
        "good-der": prefix + point,
        "good-point": OPENSSL_POINT.encode(),
        "good-named": f"p256:0x{OPENSSL_POINT}\n".encode(),
        "good-uncompressed": point.hex().encode(),
        "good-der-signature": unhex(OPENSSL_LOW),
        "good-high-signature": unhex(OPENSSL_HIGH),
        "good-scalars": unhex(OPENSSL_SCALARS),
        "good-hex-signature": f"0x{OPENSSL_LOW}\n".encode(),
        "good-tpm-signature": unhex(TPM_OWN),
        "bad-nothing": b"",
        "bad-curve": f"03{'03' * 32}".encode(),
        "bad-label": OPENSSL_PEM.replace("PUBLIC", "PRIVATE").encode(),
        "bad-cut-signature": unhex(OPENSSL_LOW)[:-1],
        "bad-long-signature": unhex(OPENSSL_LOW) + b"\0",
        "bad-zeros": bytes(64),
        "bad-tpm-hash": unhex(TPM_OWN.replace("000b", "000c", 1)),
    }


def payloads():
    payload = BATCH["payload"]
    return {
        "good-vectors": b"\0\3" + payload,
        "good-in-parts": b"\x0d\0" + payload,
        "good-without-readings": b"\0\0" + V.u32(1) + b"\0",
        "bad-cut": b"\0\0" + payload[:-1],
        "bad-nothing": b"\0\0",
        "bad-long-values": b"\0\0" + V.u32(1) + b"\1" + READINGS[0]["scale"][:-1] + V.compact(17),
    }


def seeds():
    """Contents by target and name."""
    scale = {f"good-{name}": bytes([at]) + content
             for at, (name, content) in enumerate(scale_types().items())}
    scale["bad-rest"] = bytes([8]) + scale_schema() + b"\0"
    scale["bad-length"] = bytes([17]) + b"\xfe\xff\xff\xff" + READINGS[0]["signed"]
    texts = {f"good-{name}": bytes([at]) + json.dumps(value, separators=(",", ":")).encode()
             for at, (name, value) in enumerate(json_types().items())}
    texts["bad-key"] = texts["good-registration"].replace(b'"ed25519":"5', b'"ed25519":"6')
    texts["bad-schema"] = b"\3{}"
    made = {
        "batch": batches(), "certificate": certificates(), "json": texts, "keys": keys(),
        "ledger": ledgers(), "p256": signatures(), "payload": payloads(), "proof": proofs(),
        "scale": scale, "step": steps(),
    }
    return {(target, name): content for target, of in made.items() for name, content in of.items()}
