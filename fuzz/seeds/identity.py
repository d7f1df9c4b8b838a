"""Seeds of the targets that read DIDs, their documents, what documents are made of, and Thing
Descriptions: examples of W3C's specifications, the golden vectors, and what the rules refuse."""

import copy
import json
import pathlib
import struct

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "primitives/did/vectors"
DOCUMENT = json.loads((VECTORS / "document.json").read_text())
KEYS = json.loads((VECTORS / "multikey.json").read_text())


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


# --- Texts (DID Core 1.0, sections 3.1 and 3.2; RFC 3986, section 1.1.2) --------------------------

TEXTS = {
    "good-device": "did:cairn:7",
    "good-last-device": "did:cairn:18446744073709551615",
    "good-no-id": "did:cairn:07",
    "good-other-method": "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
    "good-segments": "did:example::123:abc",
    "good-encoded": "did:web:example.com%3A3000:user",
    "good-path": "did:example:123456/path",
    "good-query": "did:example:123456?versionId=1",
    "good-fragment": "did:example:123#public-key-0",
    "good-relative": "did:example:123?service=files&relativeRef=/resume.pdf",
    "good-all": "did:0:_.-/a/%7e?b?/c#d?/",
    "good-empty-parts": "did:x:1/?#",
    "good-long": "did:cairn:" + "1" * 2_048,
    "bad-nothing": "",
    "bad-uri": "ldap://[2001:db8::7]/c=GB?objectClass?one",
    "bad-method": "did:Cairn:7",
    "bad-no-method": "did::7",
    "bad-empty": "did:cairn:",
    "bad-end": "did:cairn:7:",
    "bad-blank": "did:cairn:7 ",
    "bad-encoded": "did:x:a%z0",
    "bad-cut": "did:x:a?%4",
    "bad-fragments": "did:example:1#a#b",
    "bad-digit": "did:cairn:\u0667",
    "bad-multikey": KEYS[0]["multikey"][:-1] + "0",
    "bad-long-multikey": "z" + "1" * 128,
}


def texts():
    made = {name: text.encode() for name, text in TEXTS.items()}
    for number, key in enumerate(KEYS):
        made[f"good-multikey-{number}"] = key["multikey"].encode()
    return made


# --- Documents -----------------------------------------------------------------------------------

CONTEXT = "https://www.w3.org/ns/did/v1"
SMALL = {"@context": CONTEXT, "id": "did:example:123"}
METHOD = {
    "id": "#key-0", "type": "JsonWebKey2020", "controller": "did:example:123",
    "publicKeyJwk": {"kty": "OKP", "crv": "Ed25519", "x": "VCpo2LMLhn6iWku8MKvSLg2ZAoC"},
}
SERVICE = {
    "id": "did:example:123#linked-domain", "type": ["LinkedDomains", "Other"],
    "serviceEndpoint": ["https://bar.example.com", {"origins": []}],
}
LARGE = {
    "@context": [CONTEXT, {"@base": "did:example:123"}],
    "id": "did:example:123",
    "alsoKnownAs": ["https://example.com/", "did:web:example.com"],
    "controller": ["did:example:bcehfew7h32f32h7af3", "did:example:123"],
    "verificationMethod": [METHOD],
    "authentication": ["#key-0", "did:example:elsewhere#key-9"],
    "keyAgreement": ["did:example:123#key-0"],
    "service": [SERVICE],
    "extension": 7.5,
}
EMBEDDED = {
    "@context": [CONTEXT, "https://w3id.org/security/suites/ed25519-2020/v1"],
    "id": "did:example:123456789abcdefghi",
    "authentication": [{
        "id": "did:example:123456789abcdefghi#keys-1", "type": "Ed25519VerificationKey2020",
        "controller": "did:example:123456789abcdefghi",
        "publicKeyMultibase": "zH3C2AVvLMv6gmMNam3uVAjZpfkcJCwDwnZn6z3wXmqPV",
    }],
}


def changed(document, *path, value=None):
    """The document with another value, or without one."""
    made = copy.deepcopy(document)
    part = made
    for step in path[:-1]:
        part = part[step]
    if value is None:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return made


def answer(document, resolution=None, about=None):
    return {"didDocument": document, "didResolutionMetadata": resolution or {},
            "didDocumentMetadata": about or {}}


def documents():
    method = ("verificationMethod", 0)
    made = {
        "good-vector": DOCUMENT,
        "good-small": SMALL,
        "good-large": LARGE,
        "good-embedded": EMBEDDED,
        "good-answer": answer(DOCUMENT, about={"deactivated": False}),
        "good-ended": answer(SMALL, {"genesis": "0x00"}, {"deactivated": True}),
        "good-error": answer(None, {"error": "notFound"}),
        "bad-map": [SMALL],
        "bad-no-context": changed(SMALL, "@context"),
        "bad-context": changed(LARGE, "@context", 0, value="https://example.com/"),
        "bad-id": changed(SMALL, "id", value="did:example:1#a"),
        "bad-controller": changed(LARGE, "controller", value="https://example.com/"),
        "bad-name": changed(LARGE, "alsoKnownAs", 0, value="/relative"),
        "bad-set": changed(LARGE, "service", value=SERVICE),
        "bad-empty-set": changed(LARGE, "keyAgreement", value=[]),
        "bad-repeated": changed(LARGE, "authentication", 1, value="did:example:123#key-0"),
        "bad-many": changed(SMALL, "alsoKnownAs", value=[f"a:{i}" for i in range(257)]),
        "bad-method": changed(LARGE, *method, "type"),
        "bad-material": changed(LARGE, *method, "publicKeyMultibase", value="z1"),
        "bad-secret": changed(LARGE, *method, "publicKeyJwk", "d", value="secret"),
        "bad-multikey": changed(DOCUMENT, *method, "publicKeyMultibase", value="z6Mk"),
        "bad-reference": changed(LARGE, "authentication", 0, value="key-0"),
        "bad-unknown-method": changed(LARGE, "authentication", 0, value="#key-1"),
        "bad-service": changed(LARGE, "service", 0, "id", value="linked domain"),
        "bad-endpoint": changed(LARGE, "service", 0, "serviceEndpoint", value=7),
        "bad-duplicate": changed(LARGE, "service", 0, "id", value="#key-0"),
        "bad-answer": answer(DOCUMENT, {"error": "notFound"}),
        "bad-deactivated": answer(SMALL, about={"deactivated": "no"}),
        "bad-number": answer(SMALL, {"duration": 7}),
    }
    texts = {name: compact(value) for name, value in made.items()}
    texts["good-written-otherwise"] = json.dumps(LARGE, indent=1).replace("#", "\\u0023").encode()
    texts["bad-json"] = texts["good-small"][:-1]
    texts["bad-deep"] = b"[" * 200 + b"]" * 200
    return texts


# --- What documents are made of, in SCALE --------------------------------------------------------

GENESIS = bytes.fromhex("91b171bb158e2d3848fa23a9f1c25182fb8e20313b2c1eb49219da7a70ce90c3")
ALICE = bytes.fromhex("d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d")
SCHEMES = {"ed25519": 0, "sr25519": 1, "secp256k1": 2}


def key_of(codec):
    """The first key of a kind, as an operational key."""
    key = next(key["key"] for key in KEYS if key["codec"] == codec)
    return bytes([SCHEMES[codec]]) + bytes.fromhex(key)


def option(content):
    return b"\0" if content is None else b"\1" + content


def live(signing=None, key=None, active=True, root=None, endpoint=None, description=None, inherited=False):
    gateway = None if endpoint is None else struct.pack("<I", 3) + bytes([len(endpoint) << 2]) + endpoint
    return (ALICE + option(signing) + (key or key_of("secp256k1")) + bytes([inherited, active])
            + option(root) + option(gateway) + option(description))


def facts_of(content, device=7):
    return b"\0" + struct.pack("<Q", device) + GENESIS + option(content)


def facts():
    root = b"\0" + bytes.fromhex(next(key["key"] for key in KEYS if key["codec"] == "p256"))
    gateway = b"https://gateway.example:9977"
    assert len(gateway) < 64
    whole = live(key_of("ed25519"), None, True, root, gateway, bytes(range(32)))
    same = key_of("sr25519")
    return {
        "good-vector": facts_of(whole),
        "good-bare": facts_of(live(active=False)),
        "good-steady": facts_of(live(same, same, True, root)),
        "good-inherited": facts_of(live(same, inherited=True)),
        "good-ended": facts_of(None, 2**64 - 1),
        "good-endpoint-is-no-uri": facts_of(live(endpoint=b"gateway.example \xff")),
        "good-endpoint-is-none": facts_of(live(endpoint=b"")),
        "bad-point": facts_of(live(key=b"\2\4" + bytes(32))),
        "bad-root": facts_of(live(root=b"\0" + bytes(33))),
        "bad-scheme": facts_of(live(key=b"\3" + bytes(32))),
        "bad-version": b"\1" + facts_of(whole)[1:],
        "bad-bool": facts_of(live(active=True)).replace(b"\1\0\0\0", b"\2\0\0\0"),
        "bad-cut": facts_of(whole)[:-1],
        "bad-rest": facts_of(whole) + b"\0",
    }


# --- Thing Descriptions (Thing Description 1.1, example 1) ---------------------------------------

TD_1_0 = "https://www.w3.org/2019/wot/td/v1"
TD_1_1 = "https://www.w3.org/2022/wot/td/v1.1"
LAMP = {
    "@context": TD_1_1,
    "id": "did:cairn:7",
    "title": "MyLampThing",
    "securityDefinitions": {"basic_sc": {"scheme": "basic", "in": "header"}},
    "security": "basic_sc",
    "properties": {"status": {"type": "string", "forms": [{"href": "https://lamp.example/status"}]}},
}


def things():
    made = {
        "good-lamp": LAMP,
        "good-contexts": changed(LAMP, "@context", value=[TD_1_1, {"saref": "a:b"}]),
        "good-both-contexts": changed(LAMP, "@context", value=[TD_1_0, TD_1_1]),
        "good-no-id": changed(LAMP, "id"),
        "good-other-id": changed(LAMP, "id", value="urn:uuid:0804d572-cce8-422a-bb7c-4412fcd56f06"),
        "good-id-of-no-device": changed(LAMP, "id", value="did:cairn:08"),
        "good-securities": changed(LAMP, "security", value=["basic_sc", "basic_sc"]),
        "bad-object": [LAMP],
        "bad-context": changed(LAMP, "@context", value=TD_1_0),
        "bad-contexts": changed(LAMP, "@context", value=[{}, TD_1_1]),
        "bad-title": changed(LAMP, "title", value=["MyLampThing"]),
        "bad-definitions": changed(LAMP, "securityDefinitions", value={}),
        "bad-scheme": changed(LAMP, "securityDefinitions", "basic_sc", value=["basic"]),
        "bad-security": changed(LAMP, "security", value=["basic_sc", "nosec_sc"]),
        "bad-securities": changed(LAMP, "security", value=[]),
        "bad-id": changed(LAMP, "id", value="lamp 7"),
        "bad-device": changed(LAMP, "id", value="did:cairn:8"),
    }
    texts = {name: compact(value) for name, value in made.items()}
    texts["good-twice"] = texts["good-lamp"].replace(b'"title":', b'"title":7,"title":') + b" \n"
    texts["bad-json"] = texts["good-lamp"][:-1]
    texts["bad-mark"] = b"\xef\xbb\xbf" + texts["good-lamp"]
    texts["bad-nothing"] = b""
    return texts


def seeds():
    """Contents by target and name."""
    made = {"did": texts(), "did_document": documents(), "did_facts": facts(), "thing": things()}
    return {(target, name): content for target, of in made.items() for name, content in of.items()}
