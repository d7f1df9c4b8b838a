#!/usr/bin/env python3
"""Write the golden vectors of unit conversion, or check that they are up to date.

Everything here is written from RFC 8428 section 12.1 and RFC 8798, and shares no code with the Rust
implementation: exact fractions of the standard library, rounded half to even.

conversions.csv has a line for each case: mantissa, exponent, unit, wanted unit, scale, and the
result, which is an integer or the code of a fault.
"""

import argparse
import itertools
import pathlib
import sys
from fractions import Fraction

HERE = pathlib.Path(__file__).resolve().parent
# 60 decimals of pi: far more than the result of a conversion can show.
PI = Fraction(3141592653589793238462643383279502884197169399375105820974944, 10**60)

# Units that convert into each other: symbol, and what a value of it is in the first one's terms.
GROUPS = [
    {"/": 1, "/100": "1/100", "/1000": "1/1000", "ppm": "1e-6", "ppb": "1e-9", "ppt": "1e-12"},
    {"/": 1, "/100": "1/100", "%EL": "1/100"},
    {"/": 1, "/100": "1/100", "%RH": "1/100"},
    {"count": 1, "beats": 1},
    {"s": 1, "ms": "1/1000", "min": 60, "h": 3600, "EL": 1},
    {"Hz": 1, "1/s": 1, "1/min": "1/60", "beat/min": "1/60", "MHz": "1e6"},
    {"m": 1, "mm": "1/1000", "cm": "1/100", "km": 1000},
    {"m2": 1},
    {"m3": 1, "l": "1/1000"},
    {"kg": 1, "g": "1/1000"},
    {"m/s": 1, "km/h": "1/3.6", "m/h": "1/3600", "mm/h": "1/3600000"},
    {"m/s2": 1},
    {"rad": 1, "deg": PI / 180},
    {"sr": 1},
    {"K": 1, "Cel": (1, "273.15")},
    {"Pa": 1, "hPa": 100},
    {"lx": 1},
    {"cd": 1},
    {"lm": 1},
    {"cd/m2": 1},
    {"kg/m3": 1, "g/l": 1, "mg/l": "1/1000", "ug/l": "1e-6", "ug/m3": "1e-9"},
    {"dB": 1, "Bspl": 10},
    {"dBW": 1, "dBm": (1, -30)},
    {"V": 1, "mV": "1/1000"},
    {"A": 1, "mA": "1/1000"},
    {"C": 1, "Ah": 3600},
    {"Ohm": 1},
    {"S": 1},
    {"S/m": 1},
    {"F": 1},
    {"H": 1},
    {"Wb": 1},
    {"T": 1},
    {"W": 1, "kW": 1000},
    {"W/m2": 1},
    {"VA": 1, "kVA": 1000},
    {"var": 1, "kvar": 1000},
    {"vars": 1, "varh": 3600, "kvarh": 3600000},
    {"VAs": 1, "VAh": 3600, "kVAh": 3600000},
    {"J": 1, "Wh": 3600, "kWh": 3600000},
    {"J/m": 1, "Wh/km": "3.6"},
    {"N": 1},
    {"bit": 1, "B": 8, "KiB": 8 * 1024, "GB": 8 * 10**9},
    {"bit/s": 1, "B/s": 8, "MB/s": 8 * 10**6, "Mbit/s": 10**6},
    {"mol": 1},
    {"Bq": 1},
    {"Gy": 1},
    {"Sv": 1},
    {"kat": 1},
    {"m3/s": 1, "l/s": "1/1000"},
    {"pH": 1},
    {"lat": 1},
    {"lon": 1},
    {"NTU": 1},
]

# Units that look alike and are not: dimension, level or kind of energy differ.
STRANGERS = [
    ("m", "s"), ("W", "dBW"), ("dB", "dBm"), ("J", "vars"), ("VA", "W"), ("VAs", "J"), ("F", "C"),
    ("H", "Wb"), ("Wb", "T"), ("S", "S/m"), ("sr", "rad"), ("lat", "lon"), ("deg", "lat"),
    ("J/m", "J"), ("Gy", "Sv"), ("mol", "kat"), ("ppm", "mg/l"), ("%RH", "%EL"), ("ppm", "%EL"),
    ("count", "/"), ("bit", "bit/s"), ("l", "l/s"), ("Hz", "Bq"), ("m3", "m"), ("lm", "cd"),
]


def ratio(value):
    """A fraction as the registry writes it: 60, 1/1000, 1e-9, 3.6, 1/3.6."""
    if isinstance(value, str) and "/" in value:
        numerator, denominator = value.split("/")
        return Fraction(numerator) / Fraction(denominator)
    return Fraction(value)


def definition(value):
    factor, offset = value if isinstance(value, tuple) else (value, 0)
    return ratio(factor), ratio(offset)


def convert(mantissa, exponent, source, wanted, scale):
    (factor, offset), (wanted_factor, wanted_offset) = definition(source), definition(wanted)
    value = Fraction(mantissa) * Fraction(10) ** exponent
    exact = (value * factor + offset - wanted_offset) / wanted_factor / Fraction(10) ** scale
    # Python rounds fractions half to even.
    result = round(exact)
    return result if -(2**63) <= result < 2**63 else "overflow"


def cases():
    for group in GROUPS:
        for source, wanted in itertools.product(group, repeat=2):
            for mantissa, exponent, scale in [(2137, -2, -3), (-987654321, -3, 0), (5, -1, -6)]:
                result = convert(mantissa, exponent, group[source], group[wanted], scale)
                yield mantissa, exponent, source, wanted, scale, result
    for source, wanted in STRANGERS:
        for pair in [(source, wanted), (wanted, source)]:
            yield 1, 0, *pair, 0, "other_dimension"

    def of(symbol):
        return next(group[symbol] for group in GROUPS if symbol in group)

    edges = [
        # Ties go to the even neighbour, on both sides of zero.
        *((m, -1, "V", "V", 0) for m in (5, 15, 25, -5, -15, -25)),
        # A tie made by an offset, and what a value that is not quite zero makes of it.
        *((m, e, "Cel", "K", -1) for m, e in [(0, 0), (1, -200), (-1, -200), (1, -30), (-1, -30)]),
        *((m, -(2**31), "Cel", "K", -1) for m in (1, -1)),
        # The largest and smallest results, and those that are one too far.
        *((m, 0, "bit", "bit", 0) for m in (2**63 - 1, 2**63, -(2**63), -(2**63) - 1)),
        *((m, -1, "bit", "bit", 0) for m in (2**63 * 10 - 6, 2**63 * 10 - 5)),
        # The widest of everything.
        (9223372036854775807, 18, "GB", "GB", 18), (9223372036854775807, 18, "GB", "bit", 18),
        (9223372036854775807, 27, "bit", "GB", 18), (73786976294838206456, 27, "bit", "GB", 18),
        (9223372036854775807, 30, "ppt", "/", 18), (9223372036854775808, 30, "ppt", "/", 18),
        (5, -31, "/", "ppt", -18), (7, -31, "/", "ppt", -18), (-7, -31, "/", "ppt", -18),
        (5, -29, "GB", "bit", -18), (7, -29, "GB", "bit", -18), (-7, -29, "GB", "bit", -18),
        (2**127 - 1, -73, "deg", "rad", -18), (2**127 - 1, -40, "deg", "rad", -18),
        (-(2**127), -38, "deg", "rad", -18), (2**127 - 1, -38, "rad", "deg", -17),
        (180, 0, "deg", "rad", -18), (3141592653589793238, -18, "rad", "deg", -16),
        (1, 50, "bit", "bit", 18), (1, 49, "bit", "bit", 18), (0, 2**31 - 1, "s", "h", 0),
        # What people measure.
        (36, 0, "km/h", "m/s", 0), (-174, 0, "dBm", "dBW", 0), (37, 0, "Cel", "K", -2),
        (0, 0, "K", "Cel", -2), (101325, -2, "hPa", "Pa", 0), (1, 0, "KiB", "B", 0),
        (1, 0, "kWh", "J", 0), (150, 0, "Wh/km", "J/m", 0), (90, 0, "deg", "rad", -9),
    ]
    for mantissa, exponent, source, wanted, scale in edges:
        # Beyond what a fraction can hold in reasonable time, only the sign matters.
        near = max(min(exponent, 400), -400)
        result = convert(mantissa, near, of(source), of(wanted), scale)
        yield mantissa, exponent, source, wanted, scale, result
    for scale in (-19, 19, -128, 127):
        yield 1, 0, "m", "m", scale, "bad_scale"


def test_known_answers():
    """SI brochure: 0 degrees Celsius, a knot's neighbour, the right angle; RFC 8798: 10 dBm."""
    assert convert(0, 0, (1, "273.15"), 1, -2) == 27315
    assert convert(36, 0, "1/3.6", 1, 0) == 10
    assert convert(90, 0, PI / 180, 1, -9) == 1570796327
    assert convert(10, 0, (1, -30), 1, 0) == -20
    assert convert(100, 0, "1/1000", 1, -1) == 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if files differ")
    check = parser.parse_args().check
    test_known_answers()
    path = HERE / "conversions.csv"
    content = "".join(",".join(map(str, case)) + "\n" for case in cases())
    if not check:
        path.write_text(content)
    elif not (path.exists() and path.read_text() == content):
        sys.exit(f"not what generate.py makes: {path.name}; run {HERE / 'generate.py'}")


if __name__ == "__main__":
    main()
