"""Seeds of the targets that read measurements: SenML, CSV, OpenMetrics, Sparkplug B, Semtech's
datagrams, mappings, numbers."""

import struct

NOW = 1_700_000_000_000

# --- SenML (RFC 8428, section 5.1) ---------------------------------------------------------------

DEVICE = "urn:dev:ow:10e2073a01080063"
PACKS = {
    "good-rfc8428-5-1-1": '[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]',
    "good-rfc8428-5-1-2": f'[{{"bn":"{DEVICE}:","n":"voltage","u":"V","v":120.1}},'
    '{"n":"current","u":"A","v":1.2}]',
    "good-rfc8428-5-1-2-times": '[{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,'
    '"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},{"n":"current","t":-5,"v":1.2},'
    '{"n":"current","t":-4,"v":1.3},{"n":"current","v":1.7}]',
    "good-rfc8428-5-1-3": f'[{{"bn":"{DEVICE}","bt":1.320067464e+09,"bu":"%RH","v":21.2}},'
    '{"t":10,"v":21.3},{"t":20,"v":21.4}]',
    "good-rfc8428-5-1-3-places": f'[{{"bn":"{DEVICE}","bt":1.320067464e+09,"bu":"%RH","v":20}},'
    '{"u":"lon","v":24.30621},{"u":"lat","t":60,"v":60.07965},{"u":"%EL","t":150,"v":98}]',
    "good-rfc8428-5-1-5": f'[{{"bn":"{DEVICE}:","n":"temp","u":"Cel","v":23.1}},'
    '{"n":"label","vs":"Machine Room"},{"n":"open","vb":false},{"n":"nfv-reader","vd":"aGkgCg"}]',
    "good-rfc8428-5-1-6": '[{"bn":"2001:db8::2/","bt":1.320078429e+09,"n":"temperature","u":"Cel",'
    '"v":25.2},{"bn":"2001:db8::1/","n":"humidity","u":"%RH","v":67}]',
    "good-rfc8428-5-1-7": f'[{{"bn":"{DEVICE}:"}},{{"n":"temp","u":"Cel","v":23.1}},'
    '{"n":"heat","u":"/","v":1}]',
    "good-rfc8428-5-1-8": '[{"bt":1.320078429e+09,"bu":"/","n":"2001:db8::3","v":0.5},'
    '{"n":"2001:db8::4","t":0.1,"v":0}]',
    "good-sums": '[{"bn":"m","bu":"W","bv":20,"bs":100,"s":5,"v":1.5},{"v":-0.5},{"s":6},'
    '{"vb":true},{"vs":"on","s":-100}]',
    "good-unknown-fields": '[{"n":"a","x":{"deep":[[1,{"v":3}]]},"v":1,"ut":5,"l":"link","é":null}]',
    "good-secondary-units": '[{"bver":26,"n":"a","u":"kWh","v":1e-3},{"n":"b","u":"/100","v":50}]',
    "good-escapes": '[{"n":"a","vs":"\\u00e9\\n\\"\\\\ \\ud83d\\ude00"},{"\\u006e":"b","v":1E0}]',
    "good-long-numbers": '[{"n":"a","v":123456789012345678901234567890.12345678},'
    '{"n":"a","v":-1e-300},{"n":"a","t":268435455.9999,"v":9007199254740993}]',
    "good-unknown-unit": '[{"n":"a","u":"seconds","v":1},{"n":"b","u":"a, \\"b\\"","v":2}]',
    "good-nothing": "[]",
    "bad-no-value": '[{"bs":1},{"n":"a"}]',
    "bad-many-values": '[{"n":"a","v":1,"vb":true}]',
    "bad-twice": '[{"n":"a","v":1,"v":2}]',
    "bad-type": '[{"n":"a","v":1,"ut":"5"}]',
    "bad-mandatory": '[{"n":"a","v":1,"x_":2}]',
    "bad-version": '[{"bver":11,"n":"a","v":1}]',
    "bad-version-conflict": '[{"n":"a","v":1},{"bver":5,"n":"a","v":1}]',
    "bad-name": '[{"n":"a b","v":1}]',
    "bad-data": '[{"n":"a","vd":"a+b/"}]',
    "bad-number": '[{"n":"a","bv":1e30,"v":1e-30}]',
    "bad-time": '[{"n":"a","t":-1e12,"v":1}]',
    "bad-surrogate": '[{"n":"a","vs":"\\ud800"}]',
    "bad-rest": "[] []",
}

# The dump of RFC 8428, section 6.
DUMP = (
    "87a721781b75726e3a6465763a6f773a3130653230373361303130383030363a22fb41d303a15b0010622361412005"
    "0067766f6c7461676501615602fb405e066666666666a3006763757272656e74062402fb3ff3333333333333a30067"
    "63757272656e74062302fb3ff4cccccccccccda3006763757272656e74062202fb3ff6666666666666a30067637572"
    "72656e74062102f93e00a3006763757272656e74062002fb3ff999999999999aa3006763757272656e74060002fb3f"
    "fb333333333333"
)
BINARY_PACKS = {
    "good-rfc8428-6": DUMP,
    "good-open-lengths": "9f bf 00 6161 02 01 ff ff",
    "good-labels-as-texts": "81 a2 616e 6161 6176 01",
    "good-types": "83 a2 00 6161 03 62c3a9 a2 00 6161 04 f4 a2 00 6161 08 4201ff",
    "good-integers": "83 a2 00 6161 02 1a00010000 a2 00 6161 02 3bffffffffffffffff a2 00 6161 02 20",
    "good-floats": "83 a2 00 6161 02 f90001 a2 00 6161 02 fa3f99999a a2 00 6161 02 fb0000000000000001",
    "good-fractions": "82 a2 00 6161 02 c48221196ab3 a2 00 6161 02 c48220c3420100",
    "good-skipped": "81 a3 00 6161 6178 84 01 8202 03 a1 03 04 4101 02 01",
    "good-skipped-tags": "81 a4 00 6161 6178 c1 c2 4101 6179 9f bf 01 02 ff 9f ff ff 02 01",
    "bad-infinite": "81 a2 00 6161 02 f97c00",
    "bad-long": "81 a2 00 6161 02 c48200c25101" + "00" * 16,
    "bad-huge-array": "9bffffffffffffffff a2 00 6161 02 01",
    "bad-huge-map": "81 a3 00 6161 02 01 6178 bbffffffffffffffff",
    "bad-huge-text": "81 a1 00 7bffffffffffffffff",
    "bad-deep": "81 a3 00 6161 02 01 6178" + "81" * 20 + "00",
    "bad-break": "81 a3 00 6161 02 01 6178 82 ff",
    "bad-simple": "81 a2 00 6161 02 f81f",
}

# --- Tables: the first byte is the layout --------------------------------------------------------

TABLES = {
    "good-canonical": (0, "time,name,value,unit,kind\n1700000000000,a,21.5,Cel,number\n,a,1000,W,sum\n"
                       ',"t{a=""b"",c=""d""}",true,,bool\n,a,"x\r\ny",,text\n,a,,,text\n,a,-_8,,data\n'),
    "good-any-order": (0, "kind,unit,value,name,time\nnumber,celsius,1,a,5\n"),
    "good-wide": (1, "a;b\n1,5;true\n;-2e3\n\r\nFALSE;\n"),
    "good-columns": (2, "\ufeffwhen, temp ,open,note\r\n2023-11-14T22:13:20Z, 21.50 ,true,\"a, b\"\r\n"
                     '\r\n2023-11-14T22:13:21.5+00:00,,FALSE,"say ""no"""'),
    "good-counted": (3, "1700000000.25\t21.5\t1e3\n\t7\t8\n"),
    "good-long": (4, "1.5,x\n"),
    "good-nothing": (0, ""),
    "bad-no-column": (0, "time,name,value,unit\n"),
    "bad-ragged": (0, "time,name,value,unit,kind\n1,a,1,V\n"),
    "bad-kind": (0, "time,name,value,unit,kind\n,a,1,V,integer\n"),
    "bad-bool": (0, "time,name,value,unit,kind\n,a,yes,,bool\n"),
    "bad-data": (0, "time,name,value,unit,kind\n,a,!,,data\n"),
    "bad-name": (0, "time,name,value,unit,kind\n,,1,,number\n"),
    "bad-time": (2, "when,temp,open\n2023-02-29T00:00:00Z,1,\n"),
    "bad-number": (1, "a\nNaN\n"),
    "bad-comma": (1, "a\n1.000,5\n"),
    "bad-columns": (1, ";".join(["1"] * 1025)),
    "bad-quote": (0, 'time,name,value,unit,kind\n,a,1,"V,number\n'),
}

# --- Expositions ---------------------------------------------------------------------------------

EXPOSITIONS = {
    "good-openmetrics": """\
# TYPE router_seconds histogram
# UNIT router_seconds seconds
# HELP router_seconds Latency of \\"all\\" requests.
router_seconds_bucket{path="/",le="0.5"} 7 # {trace_id="oHg5SJYRHA0"} 0.25 1520879607.789
router_seconds_bucket{path="/",le="+Inf"} 9 1520879607.789 # {} 0.25
router_seconds_count{path="/"} 9
router_seconds_sum{path="/"} 9.036e0
router_seconds_created{path="/"} 1605281325.25
# TYPE room_celsius gauge
# UNIT room_celsius celsius
room_celsius -21.50
room_celsius{floor="2"} NaN
# TYPE energy counter
energy_total 17.0 1604676851.123456789
# TYPE build info
build_info{version="8.2"} 1
# EOF
""",
    "good-prometheus": """\

# any comment
#another
# TYPE node_load1 gauge
\tnode_load1\t0.25  1395066363000
# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total { method = "post" , code="200", } 1027
something_weird{problem="division by zero"} +Inf 3982045
rpc{quantile="0.5"} Nan
untyped .5e+1""",
    "good-labels": 'a{b="1",a="2",c=""} 1\na{b="\\\\\\"\\n"} 1\na{b="\\x"} 1\na{b="}, =\u00e9"} 1\n:a:b{_="#"} 1\n',
    "good-unit": "# UNIT speed_furlongs furlongs\nspeed_furlongs 4\n# EOF\n",
    "good-nothing": "# EOF",
    "bad-name": "1a 1\n",
    "bad-label": 'a{b="c\\"} 1\n',
    "bad-duplicate": 'a{b="c",b="d"} 1\n',
    "bad-time": "a 1 -1\n",
    "bad-number": "a 0x10\n",
    "bad-long-number": "a 1e99999\n",
    "bad-metadata": "# TYPE a gaudy\n",
    "bad-no-value": "a{} \n",
}

# --- Sparkplug B: protobuf, and messages one behind the other ------------------------------------


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    """A field: an integer, a float (double), bytes or a text."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def metric(name=None, alias=None, kind=None, unit=None, **value):
    """A metric; `value` names its member of the value: int, long, double, bool, text or bytes."""
    numbers = {"int": 10, "long": 11, "double": 13, "bool": 14, "text": 15, "bytes": 16}
    parts = [(1, name), (2, alias), (4, kind)]
    out = b"".join(field(number, part) for number, part in parts if part is not None)
    if unit is not None:
        out += field(9, field(1, "engUnit") + field(2, field(8, unit)))
    return out + b"".join(field(numbers[member], part) for member, part in value.items())


def payload(seq, *metrics, timestamp=NOW):
    out = b"" if timestamp is None else field(1, timestamp)
    out += b"".join(field(2, each) for each in metrics)
    return out if seq is None else out + field(3, seq)


def message(kind, body, device=None):
    topic = f"spBv1.0/g/{kind}/n" + ("" if device is None else f"/{device}")
    return topic.encode() + b"\n" + struct.pack("<H", len(body)) + body


BIRTH = message("NBIRTH", payload(
    254,
    metric("bdSeq", kind=4, long=7),
    metric("force", alias=1, kind=10, unit="N", double=1.5),
))
OIL = metric("oil/temp", alias=2, kind=10, double=60.25)
SESSIONS = {
    "good-life": BIRTH
    + message("DBIRTH", payload(255, OIL), "pump")
    + message("DDATA", payload(0, metric(alias=2, double=61.0)), "pump")
    + message("NDATA", payload(1, metric("force", kind=10, double=-1.25), timestamp=None))
    + message("DDEATH", payload(2), "pump")
    + message("NDEATH", payload(None, metric("bdSeq", kind=4, long=7))),
    "good-types": message("NBIRTH", payload(
        0,
        metric("a", alias=1, kind=1, int=0xFF),
        metric("b", alias=2, kind=8, long=2**64 - 1),
        metric("c", alias=3, kind=11, bool=1),
        metric("d", alias=4, kind=12, text="on"),
        metric("e", alias=5, kind=17, bytes=b"\1\2"),
        metric("f", alias=6, kind=13, long=NOW),
    )),
    "good-rebirth": BIRTH + message("DBIRTH", payload(255, OIL), "a")
    + message("DBIRTH", payload(0, OIL), "a") + BIRTH,
    "bad-no-birth": message("NDATA", payload(0, metric(alias=1, double=1.0))),
    "bad-device-without-birth": message("DDATA", payload(5), "pump"),
    "bad-alias": message("NBIRTH", payload(0, OIL, OIL)),
    "bad-many": message("NBIRTH", payload(0, *[metric("a", kind=3, int=1)] * 8)),
    "bad-command": message("NCMD", payload(0)),
    "bad-host": b"spBv1.0/STATE/host\n\0\0",
    "bad-group": message("NBIRTH", b"\x0b\x0c"),
    "bad-cut": message("NBIRTH", b"\x12\x05a"),
    "bad-long-varint": message("NBIRTH", b"\xff" * 11 + b"\x01"),
}

# --- Semtech's datagrams -------------------------------------------------------------------------

EUI = bytes([0xAA, 0x55, 0x5A, 0, 0, 0, 0, 1])
LORA = (
    '{"time":"2013-03-31T16:21:17.528002Z","tmst":3512348611,"chan":2,"rfch":0,"freq":866.349812,'
    '"stat":1,"modu":"LORA","datr":"SF7BW125","codr":"4/6","rssi":-35,"lsnr":5.1,"size":32,'
    '"data":"-DS4CGaDCdG+48eJNM3Vai-zDpsR71Pn9CPA9uCON84"}'
)
FSK = (
    '{"time":"2013-03-31T16:21:17.530974Z","tmst":3512348514,"chan":9,"rfch":1,"freq":869.1,"stat":-1,'
    '"modu":"FSK","datr":50000,"rssi":-75,"size":16,"data":"VEVTVF9QQUNLRVRfMTIzNA=="}'
)
STATUS = (
    '{"stat":{"time":"2014-01-12 08:59:28 GMT","lati":46.24000,"long":3.25230,"alti":145,"rxnb":2,'
    '"rxok":2,"rxfw":2,"ackr":100.0,"dwnb":2,"txnb":2}}'
)


def push_data(json):
    return bytes([2, 0x12, 0x34, 0]) + EUI + json.encode()


DATAGRAMS = {
    "good-packets": push_data(f'{{"rxpk":[{LORA},{FSK}]}}'),
    "good-status": push_data(STATUS),
    "good-unknown-fields": push_data('{"rxpk":[{"data":null,"brd":0,"aesk":[{}]}],"stat":null,"more":1}'),
    "good-nothing": push_data("{}"),
    "good-push-ack": bytes([1, 0xAB, 0xCD, 1]),
    "good-pull-data": bytes([1, 0xAB, 0xCD, 2]) + EUI,
    "good-pull-response": bytes([1, 0xAB, 0xCD, 3]) + b"{}",
    "good-pull-ack": bytes([2, 0xAB, 0xCD, 4]),
    "good-tx-ack": bytes([1, 0xAB, 0xCD, 5]) + EUI + b"{}",
    "bad-version": bytes([3, 0, 0, 1]),
    "bad-identifier": bytes([2, 0, 0, 6]),
    "bad-cut": bytes([2, 0, 0, 0, 1, 2, 3]),
    "bad-array": push_data('{"rxpk":[{},[]]}'),
    "bad-twice": push_data('{"rxpk":[],"rxpk":[]}'),
    "bad-data": push_data('{"rxpk":[{"data":"!"}]}'),
    "bad-size": push_data('{"rxpk":[{"data":"AA","size":2}]}'),
    "bad-number": push_data('{"rxpk":[{"tmst":4294967296}]}'),
    "bad-time": push_data('{"stat":{"time":"today"}}'),
    "bad-many": push_data('{"rxpk":[' + ",".join(["{}"] * 51) + "]}"),
}

# --- Mappings and numbers ------------------------------------------------------------------------

RULES = (
    '{"rules":[{"name":"*/temp","channel":"temp","scale":"0.1","unit":"Cel"},'
    '{"name":"m","channel":"energy","measure":"sum","onlyUnit":"W"},'
    '{"name":"o*","channel":"open","offset":"-1"}]}'
)
MAPPINGS = {
    "good-rules": RULES + '\0[{"n":"room/temp","v":215},{"n":"m","u":"W","s":7200000},'
    '{"n":"open","vb":true},{"n":"label","vs":"left out"}]',
    "good-schema": '[{"n":"temp","u":"K","v":296.25},{"n":"energy","u":"J","t":1,"v":5400000},'
    '{"n":"open","t":1,"vb":true}]',
    "good-same-value": '[{"n":"temp","v":1},{"n":"temp","v":1.001}]',
    "good-ratio": '[{"n":"fill","u":"%","v":0.5},{"n":"fill","u":"/100","v":50},'
    '{"n":"fill","u":"%EL","v":50}]',
    "good-stated-unit": '{"rules":[{"name":"a","channel":"fill","unit":"/100"}]}\0'
    '[{"n":"a","u":"%RH","v":50}]',
    "bad-channel": '{"rules":[{"name":"a","channel":"hum"}]}\0[]',
    "bad-pattern": '{"rules":[{"name":"a**","channel":"temp"}]}\0[]',
    "bad-field": '{"rules":[{"name":"a","channel":"temp","factor":"2"}]}\0[]',
    "bad-conflict": '[{"n":"temp","v":1},{"n":"temp","v":2}]',
    "bad-unit": '[{"n":"temp","u":"V","v":1}]',
    "bad-quantity": '[{"n":"fill","u":"%RH","v":50}]',
    "bad-stated-unit": '{"rules":[{"name":"a","channel":"fill","unit":"ppm"}]}\0[]',
    "bad-wanted-unit": '{"rules":[{"name":"a","channel":"fill","onlyUnit":"%RH"}]}\0[]',
    "bad-value": '[{"n":"temp","vs":"21.5"}]',
    "bad-range": '[{"n":"temp","v":1e300}]',
}
NUMBERS = {
    "good-number": "-21.50",
    "good-exponent": "170141183460469231731687303715884105727e-32768",
    "good-point": ".5",
    "good-zeros": "0e00000000000009",
    "good-time": "2024-02-29T23:59:60.999+01:00",
    "good-blank": "2014-01-12 08:59:28 GMT",
    "bad-number": "0x10",
    "bad-infinite": "-Infinity",
    "bad-long": "9" * 40,
    "bad-exponent": "1e32768",
    "bad-date": "2023-02-29T00:00:00Z",
    "bad-zone": "2024-02-29T00:00:00",
}


def seeds():
    """Contents by target and name."""
    unhex = lambda digits: bytes.fromhex(digits.replace(" ", ""))
    made = {
        "senml_json": {name: pack.encode() for name, pack in PACKS.items()},
        "senml_cbor": {name: unhex(digits) for name, digits in BINARY_PACKS.items()},
        "csv": {name: bytes([layout]) + table.encode() for name, (layout, table) in TABLES.items()},
        "openmetrics": {name: text.encode() for name, text in EXPOSITIONS.items()},
        "sparkplug": SESSIONS,
        "semtech": DATAGRAMS,
        "mapping": {name: text.encode() for name, text in MAPPINGS.items()},
        "number": {name: text.encode() for name, text in NUMBERS.items()},
    }
    return {(target, name): content for target, of in made.items() for name, content in of.items()}


def findings():
    """Inputs that a reader once took for more than they are; contents by target and name."""
    # -2^127 was read from CBOR, but could not be written as a text that anything reads.
    mantissa = bytes.fromhex("81a200616102c48200c350" + "7f" + "ff" * 15)
    # Devices without metrics were kept without limit.
    devices = BIRTH + b"".join(
        message("DBIRTH", payload((255 + i) % 256, timestamp=None), f"d{i}") for i in range(8)
    )
    return {
        ("senml_cbor", "mantissa-without-negative"): mantissa,
        ("sparkplug", "devices-without-metrics"): devices,
    }
