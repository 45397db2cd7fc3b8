"""What the registry says when it cannot use its bucket, and what it means by it.

The words are those of distribution's driver (registry/storage/driver/s3-aws) and of aws-sdk-go 1.55 below it, with the
error codes of Amazon S3, which other stores have as well.
"""

from __future__ import annotations

from privreg_values.doctor.words import Meaning

_CODE = r"s3aws: (?P<code>{})\b"
_REGION = "correct storage.s3.region, or set storage.s3.regionEndpoint for a store that is not Amazon's"
_REACH = "correct storage.s3.regionEndpoint; a NetworkPolicy, a firewall or a missing proxy may be in the way"
_RESTART = "the registry reads them when it starts: `kubectl rollout restart deployment NAME`"

BUCKET = (
    Meaning(
        "bucket-missing",
        _CODE.format("NoSuchBucket"),
        "the store has no such bucket ({code})",
        "make it, or correct storage.s3.bucket; forcePathStyle says how it is named to the store",
    ),
    Meaning(
        "bucket-keys",
        _CODE.format("InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|ExpiredToken|XAdminUserNotFound"),
        "the store of the bucket does not accept the registry's keys ({code})",
        f"correct storage.s3.accessKey and secretKey, or the Secret that existingSecret names; {_RESTART}",
    ),
    Meaning(
        "bucket-denied",
        _CODE.format("AccessDenied|AllAccessDisabled|Forbidden"),
        "the registry's keys or role may not use the bucket ({code})",
        "allow them to list the bucket and its uploads, and to get, put and delete objects",
    ),
    Meaning(
        "bucket-no-keys",
        _CODE.format("NoCredentialProviders"),
        "the registry has neither keys for the bucket nor a role ({code})",
        "set storage.s3.accessKey and secretKey, or storage.s3.existingSecret, or give the ServiceAccount a role by "
        "serviceAccount.annotations",
    ),
    Meaning(
        "bucket-region",
        _CODE.format("BucketRegionError|AuthorizationHeaderMalformed|PermanentRedirect"),
        "the bucket is not in the region that is set ({code})",
        _REGION,
    ),
    Meaning("bucket-region", r"invalid region provided: (?P<name>\S+)", "Amazon has no region {name}", _REGION),
    Meaning(
        "bucket-untrusted",
        r's3aws: RequestError\b.*x509: (?P<why>[^"]+)',
        "the registry does not trust the certificate of the bucket's store: {why}",
        "name its authority in AWS_CA_BUNDLE (extraEnv), from a volume (extraVolumes, extraVolumeMounts)",
    ),
    Meaning(
        "bucket-unreachable",
        _CODE.format("RequestError") + r".*server gave HTTP response to HTTPS client",
        "the store of the bucket speaks http, not https ({code})",
        "let storage.s3.regionEndpoint begin with http://",
    ),
    Meaning(
        "bucket-unreachable",
        r's3aws: RequestError\b.*dial tcp:? (?P<why>[^"]+)',
        "the registry does not reach the store of its bucket: {why}",
        _REACH,
    ),
    Meaning(
        "bucket-unreachable", r"s3aws: RequestError\b", "the registry does not reach the store of its bucket", _REACH
    ),
    Meaning(
        "bucket-credentials-file",
        r"failed to create new session with aws config",
        "the registry cannot read the credentials file of its bucket",
        "write it as Amazon's tools have it: the lines [default], aws_access_key_id = …, aws_secret_access_key = …",
    ),
)
