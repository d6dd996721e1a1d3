#!/usr/bin/env python3
"""Checks journal.json against the signed checkpoint beside it. Needs nothing but Python 3."""
import base64, datetime, hashlib, json, sys

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def microseconds(text):
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


def content(e):
    lines = ["folkmoot/ledger-entry/v1", f"number {e['number']}", f"entry {e['entry']}", f"kind {e['kind']}",
             f"occurred {e['occurred']}", f"entered {microseconds(e['entered'])}"]
    if e.get("reverses"):
        lines.append(f"reverses {e['reverses']}")
    lines += [f"posting {p['pence']} {p['currency']} {p['account']}" for p in e["postings"]]
    lines += [f"fund {i} {p['fund']}" for i, p in enumerate(e["postings"]) if p.get("fund")]
    if e.get("meeting"):
        lines.append(f"meeting {e['meeting']}")
    lines += [f"private {e['private']}", f"description {e['description']}"]
    return "".join(line + "\n" for line in lines).encode()


def root(hashes):
    """The Merkle tree hash of RFC 6962, section 2.1, of hashes of leaves."""
    stack = []  # complete trees, as (size, hash), each larger than the next
    for h in hashes:
        stack.append((1, h))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            (n, right), (_, left) = stack.pop(), stack.pop()
            stack.append((2 * n, hashlib.sha256(b"\x01" + left + right).digest()))
    if not stack:
        return hashlib.sha256(b"").digest()
    h = stack.pop()[1]
    while stack:
        h = hashlib.sha256(b"\x01" + stack.pop()[1] + h).digest()
    return h


def stop(why):
    print("WRONG:", why)
    sys.exit(1)


journal = json.load(open("journal.json", encoding="utf-8"))
checkpoint = open("signature/checkpoint.txt", encoding="utf-8").read().split("\n")
hashes, sums = [], {}
for i, e in enumerate(journal):
    if e["number"] != i + 1:
        stop(f"entry {e['number']} stands where entry {i + 1} should")
    if sum(p["pence"] for p in e["postings"]) != 0 or len(e["postings"]) < 2:
        stop(f"entry {e['number']} does not balance")
    if e["leaf"] != i:
        stop(f"entry {e['number']} is leaf {e['leaf']}, not {i}")
    for p in e["postings"]:
        sums[p["account"]] = sums.get(p["account"], 0) + p["pence"]
    leaf = hashlib.sha256(b"folkmoot/leaf/v1\n" + bytes.fromhex(e["salt"]) + content(e)).digest()
    hashes.append(hashlib.sha256(b"\x00" + leaf).digest())
for i, h in enumerate(hashes):  # which entry differs, by the tiles of the log
    tile, place = divmod(i, 256)
    name = f"{tile % 1000:03d}"
    while tile >= 1000:
        tile //= 1000
        name = f"x{tile % 1000:03d}/{name}"
    width = min(256, len(hashes) - i + place)
    path = f"log/ledger/tile/0/{name}" + ("" if width == 256 else f".p/{width}")
    if place == 0:
        try:
            data = open(path, "rb").read()
        except OSError:
            stop(f"{path} is not there: the journal and the log have not the same length")
    if data[32 * place:32 * place + 32] != h:
        stop(f"entry {i + 1} is not what the public log commits to")
if int(checkpoint[1]) != len(journal):
    stop(f"the checkpoint signs {checkpoint[1]} entries and the journal has {len(journal)}")
if base64.b64decode(checkpoint[2]) != root(hashes):
    stop("the journal is not the one whose fingerprint is signed")
print(f"{len(journal)} entries balance and are what {checkpoint[0]} signed.")
for account in sorted(sums):
    print(f"{sums[account] / 100:14.2f}  {account}")
