"""Asks z3 what the prover was asked, and complains where they differ.

Usage: judge.py SAMPLES.jsonl

Each line has documents that must all allow a request ("allow"), one that must not or null ("refuse"), and
what the prover said: "refuted" if there is such a request, "proved" if there is none. The documents are
read literally into a formula over one symbolic request. z3 may give up on a formula; that is counted.
"""

import ipaddress
import json
import sys
from fractions import Fraction

import z3

MILLISECONDS = 20_000


class Request:
    """Action, resource, and context keys that may be missing."""

    def __init__(self):
        self.action = z3.String("action")
        self.resource = z3.String("resource")
        self.present = {}
        self.values = {}

    def has(self, key):
        return self.present.setdefault(key, z3.Bool(f"has {key}"))

    def value(self, key, sort):
        name = (key, str(sort))
        return self.values.setdefault(name, z3.Const(f"{key} as {sort}", sort))


def regex(pattern):
    parts = [z3.Re("")]
    for letter in pattern:
        if letter == "*":
            parts.append(z3.Full(z3.ReSort(z3.StringSort())))
        elif letter == "?":
            parts.append(z3.AllChar(z3.ReSort(z3.StringSort())))
        else:
            parts.append(z3.Re(letter))
    return z3.Concat(*parts) if len(parts) > 1 else parts[0]


def one(request, kind, key, value):
    """Whether the key's value matches, and whether that could be told."""
    if kind in ("StringEquals", "StringLike"):
        given = request.value(key, z3.StringSort())
        if value.startswith("${"):
            other = value[2:-1]
            known = request.has(other)
            return z3.And(known, given == request.value(other, z3.StringSort())), known
        if kind == "StringLike":
            return z3.InRe(given, regex(value)), True
        return given == z3.StringVal(value), True
    if kind.startswith("Numeric"):
        given = request.value(key, z3.RealSort())
        fraction = Fraction(value)
        limit = z3.Q(fraction.numerator, fraction.denominator)
        relation = {
            "NumericEquals": given == limit,
            "NumericLessThan": given < limit,
            "NumericGreaterThanEquals": given >= limit,
        }
        return relation[kind], True
    if kind == "IpAddress":
        given = request.value(key, z3.BitVecSort(32))
        net = ipaddress.ip_network(value)
        low, high = int(net.network_address), int(net.broadcast_address)
        return z3.And(z3.UGE(given, low), z3.ULE(given, high)), True
    raise ValueError(kind)


NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "NotIpAddress": "IpAddress",
}


def condition(request, operator, key, values):
    values = values if isinstance(values, list) else [values]
    if operator == "Null":
        # The empty text counts as nothing.
        empty = request.value(key, z3.StringSort()) == z3.StringVal("")
        absent = z3.Or(z3.Not(request.has(key)), empty)
        return z3.Or([absent == (value == "true") for value in values])
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    kind = NEGATED.get(operator, operator)
    told = [one(request, kind, key, value) for value in values]
    matches = z3.Or([match for match, _ in told])
    if kind == operator:
        holds, missing = matches, if_exists
    else:
        holds = z3.And(z3.Not(matches), *[known for _, known in told])
        missing = True
    return z3.If(request.has(key), holds, z3.BoolVal(missing))


def text_list(value):
    return value if isinstance(value, list) else [value]


def applies(request, statement):
    def resource(pattern):
        star = request.resource == z3.StringVal("*")
        return z3.If(star, z3.BoolVal(pattern == "*"), z3.InRe(request.resource, regex(pattern)))

    parts = [
        z3.Or([z3.InRe(request.action, regex(p.lower())) for p in text_list(statement["Action"])]),
        z3.Or([resource(pattern) for pattern in text_list(statement["Resource"])]),
    ]
    for operator, keys in statement.get("Condition", {}).items():
        parts += [condition(request, operator, key, values) for key, values in keys.items()]
    return z3.And(parts)


def allowed(request, documents):
    """Every document allows, and no statement denies."""
    parts = []
    for document in documents:
        statements = document["Statement"]
        of = lambda effect: [applies(request, s) for s in statements if s["Effect"] == effect]
        parts += [z3.Or(of("Allow")), z3.Not(z3.Or(of("Deny")))]
    return z3.And(parts)


def answer(sample):
    request = Request()
    solver = z3.Solver()
    solver.set("timeout", MILLISECONDS)
    solver.add(allowed(request, sample["allow"]))
    if sample["refuse"] is not None:
        solver.add(z3.Not(allowed(request, [sample["refuse"]])))
    return solver.check()


def main():
    said = {"proved": z3.unsat, "refuted": z3.sat}
    agreed, open_, wrong = {"proved": 0, "refuted": 0}, 0, 0
    with open(sys.argv[1], encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            sample = json.loads(line)
            found = answer(sample)
            if found == z3.unknown:
                open_ += 1
            elif found == said[sample["verdict"]]:
                agreed[sample["verdict"]] += 1
            else:
                wrong += 1
                print(f"line {number}: the prover says {sample['verdict']}, z3 says {found}\n{line}")
    print(
        f"z3 agrees with {agreed['proved']} proofs and {agreed['refuted']} refutations, "
        f"gives up on {open_}, differs on {wrong}"
    )
    return 1 if wrong or agreed["proved"] == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
