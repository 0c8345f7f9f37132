"""Renders the chart with Helm's own library, and holds each object against Kubernetes' schemas.

Reads {"chart": PATH, "cases": {NAME: VALUES}, "upgrade": BOOL} from standard input. Prints {NAME: {"objects": [...]}}
or {NAME: {"error": TEXT}}.
"""

import json
import sys

import helm_python as helm
import kubernetes_validate
import yaml

# The oldest that the chart says it runs on, and the newest that the schemas know.
KUBERNETES = ["1.30", "1.37"]

# Kinds that others add to a cluster: no schema of Kubernetes' own.
FOREIGN = {"ServiceMonitor"}


def objects(chart, values, upgrade):
    chart.validate_schema(values)
    files = chart.render(
        values, name="door", namespace="access", is_install=not upgrade, is_upgrade=upgrade
    )
    found = []
    for path, text in sorted(files.items()):
        if path.endswith("NOTES.txt"):
            continue
        found += [document for document in yaml.safe_load_all(text) if document]
    for document in found:
        if document["kind"] in FOREIGN:
            continue
        for version in KUBERNETES:
            kubernetes_validate.validate(document, version, strict=True)
    return found


def main():
    asked = json.load(sys.stdin)
    answer = {}
    with helm.Chart.load(asked["chart"]) as chart:
        for name, values in asked["cases"].items():
            try:
                answer[name] = {"objects": objects(chart, values, asked["upgrade"])}
            except (helm.HelmError, kubernetes_validate.ValidationError) as error:
                answer[name] = {"error": str(error)}
                continue
            report = helm.lint(asked["chart"], values, strict=True)
            answer[name]["lint"] = [m for m in report["messages"] if m["severity"] > 1]
    json.dump(answer, sys.stdout)


main()
