"""Seeds of the targets that read what clients are given: an agent's configuration, the queries of a
gateway's data API and its cursors."""

import struct

# --- Configurations of agents --------------------------------------------------------------------

ALL = """\
gateway = "http://127.0.0.1:9977"
[source.push.senml]
listen = "127.0.0.1:8080"
[source.broker.mqtt]
url = "mqtt://broker.example"
topics = ["a/+"]
payload = "senml+json"
[source.table.csv]
file = "table.csv"
[source.meter.scrape]
url = "http://127.0.0.1:9100/metrics"
[source.radio.semtech]
listen = "0.0.0.0:1700"
[source.machine.host]
interval = "1m"
[[device]]
name = "roof"
key = "roof.key"
[[device.input]]
source = "push"
[[device.input]]
source = "broker"
topic = "a/b"
record = "t*"
channel = "temp"
scale = "0.1"
offset = -3
unit = "celsius"
[[device.input]]
source = "table"
prefix = "x/"
[[device]]
name = "cellar"
key = "keys/cellar.key"
state = "cellar.state"
gateway = "https://gateway.example"
interval = "500ms"
queue = 7
[[device.input]]
source = "meter"
metric = 'energy_total{direction="import"}'
channel = "energy"
measure = "sum"
onlyUnit = "W"
[[device.input]]
source = "radio"
record = "*/rxok"
channel = "open"
[[device.input]]
source = "machine"
"""
ONE = """\
gateway = "http://h/"
[source.push.senml]
listen = "127.0.0.1:8080"
[[device]]
name = "a"
key = "a.key"
[[device.input]]
source = "push"
"""
BROKER = """\
[source."the broker".mqtt]
url = "mqtts://broker.example:8883/"
version = "5"
clientId = "cairn:roof_1"
username = "cairn"
passwordFile = "/run/secrets/mqtt"
caFile = "ca.pem"
topics = [
\t"city/+/weather", # a comment
\t"$share/x/#",
]
payload = "sparkplug"
qos = 0
persistent = true
rebirth = false
times = "arrival"

[[device]]
name = "a"
key = "a.key"
gateway = "http://[::1]:9977"
input = [{ source = "the broker", topic = "city/#" }]
"""
TABLE = """\
gateway = "http://h/"
[source.traffic.csv]
file = "traffic.csv"
pace = "times"
speed = 60
repeat = true
counters = ["vehicles"]
[source.traffic.csv.layout]
delimiter = ";"
time = { column = "#1", form = "rfc3339" }
shape = { wide = [{ column = "cars", name = "vehicles" }, { column = "km/h", unit = "km/h" }] }
[[device]]
name = "a"
key = "a.key"
[[device.input]]
source = "traffic"
record = "vehicles"
channel = "open"
"""
SECOND = '[[device]]\nname = "b"\n{}\n[[device.input]]\nsource = "push"\n'
PACK = (
    '[{"n":"temp","u":"K","v":296.25},{"n":"room/temp","v":215},{"n":"t1","t":1,"v":1e300},'
    '{"n":"energy","u":"W","s":7200000},{"n":"open","t":1e12,"vb":true},{"n":"x/temp","vs":"21"}]'
)


def changed(text, old, new):
    assert text.count(old) == 1, old
    return text.replace(old, new)


def configurations():
    good = {
        "all": ALL,
        "pack": ALL + "\0" + PACK,
        "one": ONE + "\0" + PACK,
        "broker": BROKER,
        "table": TABLE,
        "no-pack": ONE + "\0",
        "line-ends": ONE.replace("\n", "\r\n"),
        "mark": "\ufeff" + ONE,
    }
    bad = {
        "nothing": "",
        "form": changed(ONE, "listen", "lisen"),
        "type": changed(ONE, '"127.0.0.1:8080"', "8080"),
        "kind": changed(ONE, "senml", "smoke"),
        "no-end": ONE + 'topic = "a',
        "control": "# a\1\n" + ONE,
        "line-end": "\r" + ONE,
        "twice": ONE + 'source = "push"\n',
        "deep": "a = " + "[" * 100 + "]" * 100,
        "dotted": ".".join("a" * 200) + " = 1",
        "no-device": 'gateway = "http://h/"\n[source.a.host]\n',
        "no-gateway": changed(ONE, 'gateway = "http://h/"\n', ""),
        "long-gateway": changed(ONE, "http://h/", "http://h/" + "a" * 2_048),
        "no-input": ONE + '[[device]]\nname = "b"\nkey = "b.key"\n',
        "same-name": ONE + changed(SECOND.format('key = "b.key"'), '"b"', '"a"'),
        "same-key": ONE + SECOND.format('key = ".//a.key"'),
        "same-state": ONE + SECOND.format('key = "b.key"\nstate = "./a.key.state"'),
        "open": changed(ONE, "127.0.0.1:8080", "0.0.0.0:8080"),
        "no-source": changed(ONE, 'source = "push"', 'source = "pushed"'),
        "topic": ONE + 'topic = "a"\n',
        "filter": changed(BROKER, "city/+/weather", "city+/weather"),
        "no-user": changed(BROKER, 'username = "cairn"\n', ""),
        "no-tls": changed(BROKER, "mqtts", "mqtt"),
        "user-in-url": changed(BROKER, "mqtts://", "mqtts://me:secret@"),
        "qos": changed(BROKER, "qos = 0", "qos = 2"),
        "speed": changed(TABLE, "speed = 60", "speed = 0"),
        "untimed": changed(TABLE, 'time = { column = "#1", form = "rfc3339" }\n', ""),
        "interval": changed(ALL, "500ms", "5ms"),
        "pattern": changed(ALL, '"t*"', '"t**"'),
        "number": changed(ALL, '"0.1"', "0.1"),
        "unit": changed(ALL, "celsius", "furlong"),
        "metric": changed(ALL, "'energy_total{direction=\"import\"}'", '"{a}"'),
        "many": changed(ONE, "[[device]]", "".join(f"[source.s{i}.host]\n" for i in range(120)) + "[[device]]"),
        "many-over-lines": changed(BROKER, '\t"$share/x/#",\n', '\t"#a",\n' * 120),
    }
    made = {f"good-{name}": text.encode() for name, text in good.items()}
    made |= {f"bad-{name}": text.encode() for name, text in bad.items()}
    made["bad-utf-8"] = ONE.encode() + b"# \xff\n"
    return made


# --- Queries of the data API ---------------------------------------------------------------------

WHOLE = (
    "network=3,0,3&quantity=temperature,pressure,temperature&channel=t-1&device=17"
    "&cell=8c2a1072b59adff&resolution=5&from=1000&to=1970-01-01T00:00:02Z&stage=sealed&limit=7"
    "&format=json&scope=own&partial=allow&cursor=00ff"
)
QUERIES = {
    "good-nothing": "",
    "good-whole": WHOLE,
    "good-encoded": "fr%6fm=1970-01-01T01:00:00%2B01:00&to=%35&channel=a%2Fb#fragment&x",
    "good-blanks": "&&limit=007&&cursor=a+b%20c%FF",
    "good-range": "from=0&to=2678400000&scope=all&partial=refuse",
    "good-empty-range": "from=7&to=5",
    "good-last": "to=18446744073709551615&device=18446744073709551615&network=4294967295",
    "good-networks": "network=" + ",".join(map(str, range(64))),
    "good-cell": "cell=8001fffffffffff&resolution=0",
    "bad-url": "limit=<1>",
    "bad-parameter": "colour=red",
    "bad-twice": "limit=1&limi%74=1",
    "bad-network": "network=1,",
    "bad-networks": "network=" + ",".join(["1"] * 65),
    "bad-long-network": "network=00000000001",
    "bad-quantity": "quantity=temperature,warmth",
    "bad-channel": "channel=a%20b",
    "bad-long-channel": "channel=" + "a" * 33,
    "bad-device": "device=-1",
    "bad-cell": "cell=8c2a1072b59adfx",
    "bad-resolution": "cell=852a1073fffffff&resolution=6",
    "bad-no-cell": "resolution=6",
    "bad-time": "from=soon",
    "bad-range": "from=0&to=2678400001",
    "bad-stage": "stage=lost",
    "bad-limit": "limit=10001",
    "bad-scope": "scope=others",
    "bad-partial": "partial=yes",
}

# --- Cursors -------------------------------------------------------------------------------------


def question(text):
    return text.encode() + b"\n"


def place(window=9, device=2, sequence=77, channel=3):
    return struct.pack("<IQQB", window, device, sequence, channel)


def stand(source, cursor=None, missed=()):
    made = bytes([source])
    if cursor is None:
        made += b"\0"
    elif len(cursor) < 64:
        made += b"\1" + bytes([len(cursor) << 2]) + cursor
    else:
        made += b"\1" + struct.pack("<H", len(cursor) << 2 | 1) + cursor
    return made + bytes([len(missed) << 2]) + b"".join(map(bytes, missed))


def cursors():
    one, other = question("from=0&to=5000&device=2"), question("from=0&to=5001&device=2")
    whole = question(WHOLE)
    return {
        "good-place": one + other + place(),
        "good-same-question": one + one + place(0, 2**64 - 1, 0, 255),
        "good-order": question("from=0&to=5&network=1,2") + question("from=0&to=5&network=2,1") + place(),
        "good-stand": one + other + stand(2, b"\0\xff", [(1, 1)]),
        "good-beginning": one + other + stand(0),
        "good-many-missed": whole + one + stand(1, b"\n" * 64, [(i, i % 3) for i in range(33)]),
        "good-too-long-across": one + whole + stand(1, b"\0" * 600),
        "good-digits": one + other + b"0900000002000000000000004d00000000000000030123456789abcdef",
        "bad-nothing": one + other,
        "bad-question": question("limit=0") + other + place(),
        "bad-other-question": one + question("from=soon") + place(),
        "bad-no-question": one + place().replace(b"\n", b"\0"),
        "bad-cut": one + other + place()[:-1].replace(b"\0", b"\7"),
        "bad-option": one + other + b"\2\2",
        "bad-why": one + other + stand(2, None, [(1, 3)]),
    }


def seeds():
    """Contents by target and name."""
    made = {
        "agent_config": configurations(),
        "query": {name: text.encode() for name, text in QUERIES.items()},
        "cursor": cursors(),
    }
    return {(target, name): content for target, of in made.items() for name, content in of.items()}
