#!/usr/bin/env python3
"""Write the seeds of the fuzz targets, and what the targets take as known; or check that they are up
to date.

Files whose names begin with `good-` must be accepted by their target, those with `bad-` must be
refused; a test sees to it. Other files in a corpus are inputs that a fuzzer found worth keeping, and
are left alone. The seeds are the examples of the formats' specifications, what the readers' own tests
refuse, and the golden vectors of the telemetry formats.
"""

import argparse
import pathlib
import re
import sys

sys.dont_write_bytecode = True

import clients  # noqa: E402
import identity  # noqa: E402
import measurements  # noqa: E402
import telemetry  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
FUZZ = HERE.parent
OURS = re.compile(r"(good|bad)-[a-z0-9-]+")
LONGEST = 8192  # what scripts/fuzz lets a fuzzer try
ENTRY = re.compile(r'([a-z_0-9]+=)?"([^"\\\n]|\\\\|\\"|\\x[0-9a-fA-F]{2})+"')


def files():
    """Every file by its path below this directory's parent."""
    made = {f"world/{name}": content for name, content in telemetry.world().items()}
    for module in (clients, identity, measurements, telemetry):
        for (target, name), content in module.seeds().items():
            assert OURS.fullmatch(name), name
            assert len(content) <= LONGEST, name
            path = f"corpus/{target}/{name}"
            assert path not in made, path
            made[path] = content
    for (target, name), content in measurements.findings().items():
        made[f"findings/{target}/{name}"] = content
    return made


def left_over(made):
    """Seeds that nothing makes any more."""
    for path in sorted((FUZZ / "corpus").glob("*/*")):
        if OURS.fullmatch(path.name) and str(path.relative_to(FUZZ)) not in made:
            yield path


def check_dictionaries():
    """What libFuzzer would refuse when it starts."""
    for path in sorted((FUZZ / "dictionaries").glob("*.dict")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line and not line.startswith("#") and not ENTRY.fullmatch(line):
                yield f"{path.name}, line {number}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0].replace("\n", " "),
        epilog="Examples: generate.py; generate.py --check",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail if files differ")
    check = parser.parse_args().check
    wrong = list(check_dictionaries())
    made = files()
    for name, content in made.items():
        path = FUZZ / name
        if check:
            if not (path.is_file() and path.read_bytes() == content):
                wrong.append(name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for path in left_over(made):
        if check:
            wrong.append(str(path.relative_to(FUZZ)))
        else:
            path.unlink()
    if wrong:
        sys.exit(f"not what {pathlib.Path(__file__).name} makes: {', '.join(wrong)}\n"
                 "  remedy: fuzz/seeds/generate.py, or correct the dictionary")


if __name__ == "__main__":
    main()
