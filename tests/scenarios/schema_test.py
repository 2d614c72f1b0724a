#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The JSON Schemas of both formats: good files pass, files marked `# schema: refuses` do not.

Exits 77 when python3-jsonschema or python3-yaml is missing. Argument: the root of the project.
"""
import json
import pathlib
import sys

try:
    import jsonschema
    import yaml
except ImportError as error:
    print(f"skipped: {error}; install python3-jsonschema and python3-yaml")
    sys.exit(77)


def with_text_keys(value):
    """What JSON would hold: YAML's keys that are numbers are text there."""
    if isinstance(value, dict):
        return {str(key): with_text_keys(each) for key, each in value.items()}
    if isinstance(value, list):
        return [with_text_keys(each) for each in value]
    return value


def main(root: pathlib.Path) -> int:
    problems = []
    checked = 0
    for kind, room in (("topology", "topologies"), ("scenario", "scenarios")):
        schema = json.loads((root / room / f"{kind}.schema.json").read_text(encoding="utf-8"))
        validator_type = jsonschema.validators.validator_for(schema)
        validator_type.check_schema(schema)
        validator = validator_type(schema)

        def errors(file):
            try:
                value = with_text_keys(yaml.safe_load(file.read_text(encoding="utf-8")))
            except (yaml.YAMLError, UnicodeDecodeError) as error:
                return [str(error)]
            return [error.message for error in validator.iter_errors(value)]

        good = sorted((root / room / "library").glob("*.yaml")) + sorted((root / "tests" / room / "good").glob("*.yaml"))
        for file in good:
            checked += 1
            problems += [f"{file}: refused: {message}" for message in errors(file)]
            if file.parent.name == "library":
                hint = f"# yaml-language-server: $schema=../{kind}.schema.json"
                if file.read_text(encoding="utf-8").splitlines()[0] != hint:
                    problems.append(f"{file}: the first line is not '{hint}'")
        marked = [file for file in sorted((root / "tests" / room / "malformed").glob("*.yaml"))
                  if "# schema: refuses" in file.read_text(encoding="utf-8").splitlines()]
        if len(good) < 4 or len(marked) < 20:
            problems.append(f"{room}: {len(good)} good and {len(marked)} marked files are too few to show anything")
        for file in marked:
            checked += 1
            if not errors(file):
                problems.append(f"{file}: accepted")
    print("\n".join(problems) or f"{checked} files as expected")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
