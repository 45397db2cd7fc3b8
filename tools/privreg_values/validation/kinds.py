"""The kinds of problems that `validate` tells apart; programs that read its answers know them by these names."""

from __future__ import annotations

from privreg_values.values.validate import Kind

KINDS: dict[Kind, str] = {
    "syntax": "The file is YAML that Helm reads.",
    "schema": "Each value is one that the chart knows and takes.",
    "rule": "The values fit together.",
    "duplicate-key": "No key is there twice in one map.",
    "several-documents": "A values file holds one YAML document.",
    "weak-hash": "A hash that gets out does not give its password away.",
    "plaintext-secret": "A file that is safe for git holds no secret.",
    "no-effect": "A value that is set has an effect.",
    "ingress-preset": "The Ingress has the annotations that its controller needs.",
    "resources": "A container does not ask for more than its limit.",
    "node-port": "A node port is in the usual range.",
    "images-lost": "Images outlive the registry's Pod.",
    "storage-size": "A size has a unit.",
    "host-unknown": "The host is known in DNS.",
    "cluster": "What the values name is there in the cluster.",
}
