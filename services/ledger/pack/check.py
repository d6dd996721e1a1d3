#!/usr/bin/env python3
"""Checks journal.json and evidence.csv against the signed checkpoint beside them. Needs nothing but Python 3."""
import base64, csv, datetime, hashlib, json, sys

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


def evidence(e):
    file = f"{e['media type']} {e['size']} {e['sha256']}" if e["sha256"] else "none"
    lines = ["folkmoot/ledger-evidence/v1", f"number {e['number']}", f"entry {e['entry']}", f"evidence {e['n']}",
             f"linked {microseconds(e['linked'])}", f"private {e['private']}", f"file {file}"]
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
leaves, sums = {}, {}


def put(name, index, salt, text):
    if index in leaves:
        stop(f"{name} and {leaves[index][0]} say that leaf {index} is theirs")
    leaf = hashlib.sha256(b"folkmoot/leaf/v1\n" + bytes.fromhex(salt) + text).digest()
    leaves[index] = (name, hashlib.sha256(b"\x00" + leaf).digest())


last = -1
for i, e in enumerate(journal):
    if e["number"] != i + 1:
        stop(f"entry {e['number']} stands where entry {i + 1} should")
    if sum(p["pence"] for p in e["postings"]) != 0 or len(e["postings"]) < 2:
        stop(f"entry {e['number']} does not balance")
    if e["leaf"] <= last:
        stop(f"entry {e['number']} is leaf {e['leaf']}, before the entry before it")
    last = e["leaf"]
    for p in e["postings"]:
        sums[p["account"]] = sums.get(p["account"], 0) + p["pence"]
    put(f"entry {e['number']}", e["leaf"], e["salt"], content(e))
before = (0, 0)
for e in csv.DictReader(open("evidence.csv", encoding="utf-8", newline="")):
    name, place = f"evidence {e['n']} of entry {e['number']}", (int(e["number"]), int(e["n"]))
    if place != (before[0], before[1] + 1) and (place[0] <= before[0] or place[1] != 1):
        stop(f"{name} does not follow evidence {before[1]} of entry {before[0]}")
    before = place
    if not 0 < place[0] <= len(journal) or journal[place[0] - 1]["entry"] != e["entry"]:
        stop(f"{name} belongs to no entry")
    put(name, int(e["leaf"]), e["salt"], evidence(e))
size = int(checkpoint[1])
for i in range(size):
    if i not in leaves:
        stop(f"leaf {i} belongs to no entry and no evidence: one was taken out")
    name, h = leaves[i]
    tile, place = divmod(i, 256)  # which one differs, by the tiles of the log
    number = f"{tile % 1000:03d}"
    while tile >= 1000:
        tile //= 1000
        number = f"x{tile % 1000:03d}/{number}"
    width = min(256, size - i + place)
    path = f"log/ledger/tile/0/{number}" + ("" if width == 256 else f".p/{width}")
    if place == 0:
        try:
            data = open(path, "rb").read()
        except OSError:
            stop(f"{path} is not there: the books and the log have not the same length")
    if data[32 * place:32 * place + 32] != h:
        stop(f"{name} is not what the public log commits to")
if size != len(leaves):
    stop(f"the checkpoint signs {size} leaves and the books have {len(leaves)}")
if base64.b64decode(checkpoint[2]) != root(leaves[i][1] for i in range(size)):
    stop("the books are not those whose fingerprint is signed")
print(f"{len(journal)} entries balance and, with {size - len(journal)} pieces of evidence, are what {checkpoint[0]} signed.")
for account in sorted(sums):
    print(f"{sums[account] / 100:14.2f}  {account}")
