#!/usr/bin/env python3
"""Write the golden vectors of places, or check that they are up to date.

Cells, their relatives, centres and the cells of points come from H3's own library, in the version
that requirements.txt pins; vectors and distances are computed from their definitions in README.md.
Nothing is shared with the Rust implementation, nor with the crate it uses.

In the files, indices are hexadecimal, angles are degrees with nine decimals (0.1 mm), vectors are
in units of 2^-30.
"""

import argparse
import hashlib
import json
import math
import pathlib
import sys

try:
    import h3.api.basic_int as h3
except ImportError:
    sys.exit("the package h3 is missing; run scripts/setup, and this with the Python it installs")

HERE = pathlib.Path(__file__).resolve().parent
H3_VERSION = "4.5.0"
COARSEST_COUNTED, LOCATION, FINEST = 4, 12, 15
ONE = 1 << 30
RADIUS_METRES = 6_371_007.181

# Around the world, with what is special: poles, antimeridian, equator, prime meridian.
PLACES = [
    (90.0, 0.0), (-90.0, 0.0), (90.0, 180.0), (89.9999, -45.0), (-89.9999, 135.0),
    (0.0, 0.0), (0.0, 180.0), (0.0, -180.0), (0.0, 179.99999), (0.0, -179.99999),
    (51.5, 0.0), (51.5, 180.0), (-17.0, 180.0), (-17.0, -179.9999), (65.5, 179.9999),
    (52.520008, 13.404954), (48.864716, 2.349014), (37.775938, -122.41796), (40.689167, -74.044444),
    (-33.856784, 151.215297), (35.658581, 139.745433), (31.2243610, 121.4691700), (-54.8, -68.3),
    (64.1466, -21.9426), (1.3521, 103.8198), (-1.286389, 36.817223), (78.2232, 15.6267),
]


def spelled(cell):
    return f"{cell:x}"


def draw(*names):
    """A number of 512 bits that depends on the names only."""
    text = "/".join(str(name) for name in names)
    return int.from_bytes(hashlib.blake2b(text.encode()).digest(), "little")


def cell_of_digits(base, digits):
    """H3's index layout: mode 1, resolution, base cell, 3 bits a digit, 7 for digits not used."""
    index = 1 << 59 | len(digits) << 52 | base << 45
    for place in range(FINEST):
        digit = digits[place] if place < len(digits) else 7
        index |= digit << 3 * (FINEST - 1 - place)
    return index


def drawn_cell(base, resolution):
    """Some cell of this base cell."""
    for attempt in range(100):
        number = draw("cell", base, resolution, attempt)
        digits = [(number >> 8 * place) % 7 for place in range(resolution)]
        cell = cell_of_digits(base, digits)
        if h3.is_valid_cell(cell):
            return cell
    raise AssertionError("a pentagon lacks one sixth of its cells, not all")


# --- Vectors and distances -----------------------------------------------------------------------

def units(component):
    """In units of 2^-30, rounded to nearest, halves away from zero."""
    return int(math.copysign(math.floor(abs(component) * ONE + 0.5), component))


def vector(cell):
    latitude, longitude = map(math.radians, h3.cell_to_latlng(cell))
    return [
        units(math.cos(latitude) * math.cos(longitude)),
        units(math.cos(latitude) * math.sin(longitude)),
        units(math.sin(latitude)),
    ]


def distance(a, b):
    """Metres along the sphere between the directions of two integer vectors."""
    across = math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b)))
    along = math.sqrt(sum((x + y) ** 2 for x, y in zip(a, b)))
    return 2 * math.atan2(across, along) * RADIUS_METRES


# --- The files -----------------------------------------------------------------------------------

def described(cell):
    resolution = h3.get_resolution(cell)
    latitude, longitude = h3.cell_to_latlng(cell)
    neighbours = sorted(set(h3.grid_disk(cell, 1)) - {cell})
    return {
        "cell": spelled(cell),
        "resolution": resolution,
        "pentagon": h3.is_pentagon(cell),
        "parents": [spelled(h3.cell_to_parent(cell, level)) for level in range(resolution)],
        "finest": h3.cell_to_children_size(cell, FINEST),
        "neighbours": [spelled(neighbour) for neighbour in neighbours],
        "latitude": round(latitude, 9),
        "longitude": round(longitude, 9),
        "vector": vector(cell),
    }


def cells_file():
    cells = [drawn_cell(base, LOCATION) for base in range(122)]
    cells += [drawn_cell(5 * step, step) for step in range(FINEST + 1)]
    for resolution in (0, 1, 2, 11, LOCATION, FINEST):
        cells += sorted(h3.get_pentagons(resolution))
    for pentagon in sorted(h3.get_pentagons(LOCATION)):
        cells += sorted(set(h3.grid_disk(pentagon, 2)) - {pentagon})[::3]
    for place in PLACES:
        cells += [h3.latlng_to_cell(*place, resolution) for resolution in (4, 7, LOCATION)]
    return [described(cell) for cell in dict.fromkeys(cells)]


def position(cell, group):
    """The digits of a cell below the coarsest cell of its group, to base seven."""
    coarsest, number = h3.get_resolution(group), 0
    for resolution in range(coarsest, h3.get_resolution(cell)):
        number = 7 * number + h3.get_index_digit(cell, resolution + 1)
    return number


def grouped(cell):
    """Positions in its group of the finest cells that descend from a cell, and of the others."""
    resolution = h3.get_resolution(cell)
    coarsest = resolution - (resolution - COARSEST_COUNTED) % 3
    group = h3.cell_to_parent(cell, coarsest)
    inside, outside = [], []
    for finest in h3.cell_to_children(group, coarsest + 2):
        descends = h3.cell_to_parent(finest, resolution) == cell
        (inside if descends else outside).append(position(finest, group))
    return {
        "cell": spelled(cell),
        "digits": [h3.get_index_digit(cell, level + 1) for level in range(resolution)],
        "group": spelled(group),
        "inside": sorted(inside),
        "outside": sorted(outside),
    }


def groups_file():
    """Cells of all resolutions at which devices are counted, a third of them at pentagons."""
    counted = range(COARSEST_COUNTED, LOCATION + 1)
    cells = [drawn_cell(base, counted[base % len(counted)]) for base in range(122)]
    for resolution in counted:
        for pentagon in sorted(h3.get_pentagons(resolution))[::6]:
            cells += sorted(h3.grid_disk(pentagon, 1))[::2]
    return [grouped(cell) for cell in dict.fromkeys(cells)]


def refused_file():
    """What only looks like a cell."""
    sound = h3.latlng_to_cell(52.520008, 13.404954, LOCATION)
    edge = h3.origin_to_directed_edges(sound)[0]
    vertex = h3.cell_to_vertex(sound, 2)
    pentagon = min(h3.get_pentagons(LOCATION))
    place = lambda resolution: 3 * (FINEST - resolution)
    cases = [
        ("zero", 0),
        ("all bits", 2**64 - 1),
        ("mode 0", sound & ~(15 << 59)),
        ("mode 2: a directed edge", edge),
        ("mode 4: a vertex", vertex),
        ("mode 15", sound | 15 << 59),
        ("highest bit", sound | 1 << 63),
        ("a reserved bit", sound | 1 << 56),
        ("another reserved bit", sound | 1 << 58),
        ("base cell 122", cell_of_digits(122, [0] * LOCATION)),
        ("base cell 127", cell_of_digits(127, [])),
        ("digit 7 at resolution 1", cell_of_digits(20, [7] + [0] * 11)),
        ("digit 7 at resolution 12", sound | 7 << place(12)),
        ("digit 6 beyond the resolution", sound & ~(1 << place(13))),
        ("digit 0 at the end", sound & ~(7 << place(15))),
        ("resolution 15 with unused digits", sound | 15 << 52),
        ("resolution 11 with a digit too many", sound & ~(15 << 52) | 11 << 52),
    ]
    cases += [
        (f"first digit 1 of a pentagon at resolution {level}", pentagon | 1 << place(level))
        for level in range(1, LOCATION + 1)
    ]
    for why, index in cases:
        assert not h3.is_valid_cell(index), why
    return [{"why": why, "index": spelled(index)} for why, index in cases]


def points_file():
    """Points, and the cell of each resolution that contains them."""
    points = list(PLACES)
    for number in range(100):
        drawn = draw("point", number)
        latitude = (drawn % 180_000_001 - 90_000_000) / 10**6
        longitude = ((drawn >> 64) % 360_000_001 - 180_000_000) / 10**6
        points.append((latitude, longitude))
    resolutions = [0, 3, 4, 8, 11, LOCATION]
    return [
        {
            "latitude": latitude,
            "longitude": longitude,
            "cells": [spelled(h3.latlng_to_cell(latitude, longitude, at)) for at in resolutions],
            "resolutions": resolutions,
        }
        for latitude, longitude in points
    ]


def distances_file():
    """Pairs of cells, with distances from zero to half the Earth's girth."""
    at = lambda latitude, longitude: h3.latlng_to_cell(latitude, longitude, LOCATION)
    pairs = []
    for latitude, longitude in PLACES:
        home = at(latitude, longitude)
        inwards = -1 if latitude > 0 else 1
        pairs.append((home, home))
        pairs.append((home, min(set(h3.grid_disk(home, 1)) - {home})))
        for degrees in (0.0005, 0.00315, 0.0031, 0.02, 0.1, 0.9, 0.8985, 12, 57, 89):
            pairs.append((home, at(latitude + inwards * degrees, longitude)))
        pairs.append((home, at(-latitude, longitude - math.copysign(180, longitude))))
    for one, other in zip(PLACES, PLACES[1:]):
        pairs.append((at(*one), at(*other)))
    for pentagon in sorted(h3.get_pentagons(LOCATION)):
        pairs += [(pentagon, neighbour) for neighbour in sorted(h3.grid_disk(pentagon, 1))]
    described = []
    for one, other in dict.fromkeys(pairs):
        vectors = [vector(one), vector(other)]
        metres = distance(*vectors)
        check_haversine(one, other, metres)
        if abs(metres % 1 - 0.5) < 0.02:
            continue  # Which of the two metres is nearer depends on roundings.
        cells = [spelled(one), spelled(other)]
        described.append({"cells": cells, "vectors": vectors, "metres": round(metres)})
    return described


def check_haversine(one, other, metres):
    """H3's own formula agrees, but close to the antipode, where it has no digits left."""
    centres = h3.cell_to_latlng(one), h3.cell_to_latlng(other)
    haversine = h3.great_circle_distance(*centres, unit="m")
    near_antipode = metres > 20_000_000
    assert near_antipode or abs(haversine - metres) < 0.02, (spelled(one), spelled(other))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if files differ")
    check = parser.parse_args().check
    if h3.versions() != {"c": H3_VERSION, "python": H3_VERSION}:
        sys.exit(f"h3 is {h3.versions()}, not {H3_VERSION}; run scripts/setup")
    differ = []
    for make in [cells_file, groups_file, refused_file, points_file, distances_file]:
        path = HERE / (make.__name__.removesuffix("_file") + ".json")
        lines = (json.dumps(entry) for entry in make())
        content = "[\n" + ",\n".join(lines) + "\n]\n"
        if check and not (path.exists() and path.read_text() == content):
            differ.append(path.name)
        elif not check:
            path.write_text(content)
    if differ:
        sys.exit(f"not what generate.py makes: {', '.join(differ)}; run {HERE / 'generate.py'}")


if __name__ == "__main__":
    main()
