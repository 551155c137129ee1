"""Holds a ledger of acknowledged filings against a server and its database, with nothing of Rectify.

    ledger.py ADDRESS CONNINFO < LEDGER

A line of the ledger is a reference, a tab, and its tracking code. Every code has to open its reference, every reference has
to be in the database, and no story may be there twice: each filing told one of its own. Ends with “sound”, or with exit code
1 and what is wrong.
"""

import json
import subprocess
import sys
import urllib.request

address, conninfo = sys.argv[1:]
ledger = [line.rstrip("\n").split("\t") for line in sys.stdin]
faults = []

for reference, code in ledger:
    request = urllib.request.Request(address + "/v1/tracking", headers={"Tracking-Code": code})
    try:
        found = json.load(urllib.request.urlopen(request, timeout=60))["reference"]
        if found != reference:
            faults.append(f"{reference}: its code opens {found}")
    except OSError as error:
        faults.append(f"{reference}: {error}")


def rows(query):
    command = ["psql", "-d", conninfo, "-At", "-c", query]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")[:-1]


stories = rows("SELECT narrative FROM complaint")
if len(set(stories)) != len(stories):
    faults.append(f"{len(stories) - len(set(stories))} filings are there twice")
if len({reference for reference, _ in ledger}) != len(ledger):
    faults.append("the ledger has a reference twice")
if len(stories) < len(ledger):
    faults.append(f"{len(ledger)} were acknowledged, and {len(stories)} are there")
if len({code for _, code in ledger}) != len(ledger):
    faults.append("the ledger has a code twice")

print(f"{len(ledger)} acknowledged, {len(stories)} in the database")
print("\n".join(faults) if faults else "sound")
sys.exit(1 if faults else 0)
