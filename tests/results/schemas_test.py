# SPDX-License-Identifier: GPL-2.0-only
"""Holds the files that write_sample makes against results/schemas.

Each schema must accept its file and refuse it when any key at any depth is missing, unknown or of another type, so a
schema that says nothing fails too. Usage: schemas_test.py WRITE_SAMPLE SCHEMA_DIRECTORY. Exit 77: cannot run here.
"""

import copy
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

# Keys whose absence or value a schema leaves open: facts about a machine, and one of step_factor and step_bytes.
OPEN = {("machine",)}


def walk(value, path=()):
    """Every (path, value) below a JSON value; of a list only the first item."""
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, path + (key,))
    elif isinstance(value, list) and value:
        yield from walk(value[0], path + (0,))


def changed(document, path, change):
    """A copy of the document in which change(parent, key) was done at path."""
    result = copy.deepcopy(document)
    parent = result
    for key in path[:-1]:
        parent = parent[key]
    change(parent, path[-1])
    return result


def mutations(document):
    """(what was done, the document it was done to): each must be refused."""
    for path, value in walk(document):
        if path and path[:1] in OPEN and len(path) > 1:
            continue
        if path and isinstance(path[-1], str):
            yield f"without {path}", changed(document, path, lambda parent, key: parent.pop(key))
        if path:
            wrong = 1 if isinstance(value, (str, list, dict, bool)) or value is None else "text"
            yield f"wrong type at {path}", changed(
                document, path, lambda parent, key, wrong=wrong: parent.__setitem__(key, wrong))
        if isinstance(value, dict) and path[:1] not in OPEN:
            extra = copy.deepcopy(document)
            target = extra
            for key in path:
                target = target[key]
            target["no such key"] = []
            yield f"unknown key in {path}", extra


def check_json(directory, schemas, name, faults):
    document = json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
    schema = json.loads((schemas / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    faults += [f"{name}.json: {error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    tried = 0
    for what, mutation in mutations(document):
        tried += 1
        if validator.is_valid(mutation):
            faults.append(f"{name}.schema.json accepts a file {what}")
    print(f"{name}: accepted; {tried} broken files tried")
    return document


def check_csv(path, faults):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    if len(rows) != 6:
        faults.append(f"links.csv has {len(rows)} rows, not 6")
    for row in rows:
        for unit in ("frames", "bytes"):
            figures = {key: int(row[key]) for key in row if key.startswith(unit + "_")}
            came = figures[unit + "_in"] + figures[unit + "_duplicated"]
            left = figures[unit + "_out"] + figures[unit + "_held"]
            left += sum(value for key, value in figures.items() if key.startswith(unit + "_dropped_"))
            if came != left:
                faults.append(f"links.csv does not conserve {unit} at {row['time_s']} s")
    if not any(int(row["frames_duplicated"]) for row in rows):
        faults.append("links.csv shows no copy, so its check for them says nothing")


def check_decisions(path, faults):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    if [row["what"] for row in rows] != ["dropped", "marked"]:
        faults.append(f"decisions.csv has {rows}")


def check_background(path, faults):
    if path.read_text(encoding="utf-8") != (
            "time_s,link,from,to,share_left,wait_us,loss,mark\n"
            "0.010000000,wan,Atlanta,Mount Pleasant,0.400000,12.345,1.500e-03,2.500e-01\n"):
        faults.append(f"background.csv has {path.read_text(encoding='utf-8')}")


def check_flows(path, faults):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    if [(row["host"], row["direction"], row["bytes_acked"]) for row in rows] != [
            ("atl-0", "sent", "1700000"), ("mtp-0", "received", "")]:
        faults.append(f"flows.csv has {rows}")


def main():
    write_sample, schemas = sys.argv[1], pathlib.Path(sys.argv[2])
    faults = []
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        subprocess.run([write_sample, name], check=True, timeout=30, stdout=subprocess.DEVNULL)
        documents = {file: check_json(directory, schemas, file, faults)
                     for file in ("manifest", "summary", "collectives", "comparison", "workload_flows")}
        check_csv(directory / "links.csv", faults)
        check_decisions(directory / "decisions.csv", faults)
        check_flows(directory / "flows.csv", faults)
        check_background(directory / "background.csv", faults)
        listed = {file["name"] for file in documents["manifest"]["files"]}
        present = {path.name for path in directory.iterdir()} - {"comparison.json"}  # of two runs, so of none
        if listed != present:
            faults.append(f"manifest.json lists {sorted(listed)}, there are {sorted(present)}")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


sys.exit(main())
