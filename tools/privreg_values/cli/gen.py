"""`privreg-values gen`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from privreg_values.cli import options


class Storage(StrEnum):
    """The kinds of storage."""

    PVC = "pvc"
    HOST_PATH = "hostPath"
    NFS = "nfs"
    S3 = "s3"
    EMPTY_DIR = "emptyDir"


class Preset(StrEnum):
    """The kinds of ingress controller that the chart knows the annotations of."""

    NONE = "none"
    HAPROXY = "haproxy"
    NGINX = "nginx"
    TRAEFIK = "traefik"


class Profile(StrEnum):
    """Sets of choices."""

    SEED = "seed"
    SMALL = "small"
    LOCAL = "local"
    HA_S3 = "ha-s3"


class IssuerKind(StrEnum):
    """The kinds of issuer that cert-manager has."""

    CLUSTER_ISSUER = "ClusterIssuer"
    ISSUER = "Issuer"


def gen(
    *,
    host: Annotated[
        str | None,
        typer.Option(metavar="NAME", envvar="PRIVREG_HOST", help="The registry's name, such as registry.example.com."),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", envvar="PRIVREG_VALUES", help="The values file.")
    ] = "values.yaml",
    credentials: options.Credentials = "credentials.yaml",
    split: Annotated[
        bool, typer.Option("--split", help="Keep the values file safe for git: secrets.yaml beside it has the secrets.")
    ] = False,
    manifests: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER", help="Keep the values file safe for git: Secrets whose manifests are in the folder."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    profile: Annotated[
        Profile | None,
        typer.Option(
            help="Choices that go together, for what is not chosen otherwise. seed: class haproxy, ClusterIssuer "
            "letsencrypt, hostPath. small: a claim of 10Gi. local: a claim of 5Gi, for kind, minikube and k3d. "
            "ha-s3: two registries over a bucket, on different nodes if there are some."
        ),
    ] = None,
    no_cluster: Annotated[
        bool, typer.Option("--no-cluster", help="Do not read the cluster to find out what fits.")
    ] = False,
    context: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            envvar="PRIVREG_CONTEXT",
            help="The context of the cluster to read; without it, the current one.",
        ),
    ] = "",
    user: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:ROLE[:PATTERN,...]]",
            help="A user to add; repeatable. ROLE is pull, push or admin; without it, push. PATTERNs limit it to "
            "repositories. A new file has admin (admin) and ci (push) if none is named, and always cluster (pull).",
        ),
    ] = None,
    rotate: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A user who gets a new password; repeatable.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password of the one user named from standard input.")
    ] = False,
    ask_password: Annotated[
        bool, typer.Option("--ask-password", help="Ask for the password of the one user named.")
    ] = False,
    password_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Read the password of the one user named from a file.")
    ] = None,
    storage: Annotated[Storage | None, typer.Option(help="Where the images are kept.")] = None,
    storage_size: Annotated[
        str | None, typer.Option(metavar="SIZE", help="How large: the claim of pvc, the limit of emptyDir.")
    ] = None,
    storage_class: Annotated[str | None, typer.Option(metavar="NAME", help="The StorageClass of pvc.")] = None,
    storage_path: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="The folder of hostPath, the export of nfs.")
    ] = None,
    storage_server: Annotated[str | None, typer.Option(metavar="NAME", help="The server of nfs.")] = None,
    s3_bucket: Annotated[str | None, typer.Option(metavar="NAME", help="The bucket of s3.")] = None,
    s3_region: Annotated[str | None, typer.Option(metavar="NAME", help="The region of Amazon's bucket.")] = None,
    s3_endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="The store, if it is not Amazon's, such as https://minio.example.com:9000."
        ),
    ] = None,
    s3_access_key: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="The key that reaches the bucket; its secret is asked for. Without a key and --s3-secret it is the "
            "role of the ServiceAccount or of the node.",
        ),
    ] = None,
    s3_secret_key_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Read the secret of that key from a file.")
    ] = None,
    s3_secret_key_stdin: Annotated[
        bool, typer.Option("--s3-secret-key-stdin", help="Read the secret of that key from standard input.")
    ] = False,
    s3_secret: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A Secret of yours, whose key credentials is a credentials file."),
    ] = None,
    replicas: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=1, help="How many registries; several need s3 or nfs.")
    ] = None,
    ingress_class: Annotated[str | None, typer.Option(metavar="NAME", help="The IngressClass.")] = None,
    ingress_preset: Annotated[
        Preset | None, typer.Option(help="The kind of ingress controller; pushes of any size need it.")
    ] = None,
    no_ingress: Annotated[
        bool, typer.Option("--no-ingress", help="No Ingress: something of yours serves https.")
    ] = False,
    tls_secret: Annotated[str | None, typer.Option(metavar="NAME", help="The TLS Secret.")] = None,
    cert_manager: Annotated[
        bool, typer.Option("--cert-manager", help="Let cert-manager make the certificate.")
    ] = False,
    issuer: Annotated[str | None, typer.Option(metavar="NAME", help="The issuer, with --cert-manager.")] = None,
    issuer_kind: Annotated[IssuerKind | None, typer.Option(help="Its kind, with --cert-manager.")] = None,
    namespace: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A namespace that may pull besides the release's own, by name or pattern (team-*); repeatable. "
            "New files name default.",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Make a values file and its credentials, or add to them.

    What is there is kept: run again, it adds what is missing and what is asked for. Passwords go into
    the credentials file only, their hashes into the values file, or with --split or --manifests beside
    it. What holds secrets is readable by you alone.

    For a new file, it reads the cluster of your kubeconfig, if one answers, and takes what fits: at a
    terminal it asks first, in a script or with --yes it says what it took. Options always win.

    \b
    Examples:
      privreg-values gen
      privreg-values gen --host registry.example.com --yes
      privreg-values gen --host registry.example.com --profile seed --no-cluster
      privreg-values gen --host registry.example.com --storage nfs \\
          --storage-server nas.example.com --storage-path /export/images
      privreg-values gen --host registry.example.com --profile ha-s3 \\
          --s3-bucket images --s3-region eu-central-1 --s3-secret registry-s3
      privreg-values gen --user alice:push --ask-password
      privreg-values gen --user 'bob:pull:team-a/**,base/*'
      privreg-values gen --rotate ci
      privreg-values gen --host registry.example.com --split
      privreg-values gen --host registry.example.com --manifests secrets
    """
    from privreg_values.commands.gen import SecretKey, Sources, run  # noqa: PLC0415
    from privreg_values.generate.choices import Choices  # noqa: PLC0415 - only when it runs
    from privreg_values.shapes import layout  # noqa: PLC0415

    choices = Choices(
        ingress=False if no_ingress else None,
        ingress_class=ingress_class,
        ingress_preset=ingress_preset,
        tls_secret=tls_secret,
        cert_manager=cert_manager or None,
        issuer=issuer,
        issuer_kind=issuer_kind,
        storage=storage,
        storage_size=storage_size,
        storage_class=storage_class,
        storage_path=storage_path,
        storage_server=storage_server,
        s3_bucket=s3_bucket,
        s3_region=s3_region,
        s3_endpoint=s3_endpoint,
        s3_access_key=s3_access_key,
        s3_secret=s3_secret,
        replicas=replicas,
        namespaces=tuple(namespace) if namespace else None,
    )
    run(
        host=host,
        files=layout.for_gen(output, credentials, split=split, manifests=manifests),
        ask=not yes,
        users=user or [],
        rotate=rotate or [],
        password_stdin=password_stdin,
        ask_password=ask_password,
        password_file=password_file,
        choices=choices,
        secret_key=SecretKey(s3_secret_key_stdin, s3_secret_key_file),
        sources=Sources(profile, not no_cluster, context),
        as_json=as_json,
    )
