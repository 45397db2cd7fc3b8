"""What the doctor thinks of a Pod of the chart: words of the kubelet, containerd, the scheduler and the programs."""

from collections.abc import Sequence

import pytest

from privreg_values.doctor import server

PULL = 'Failed: Failed to pull image "docker.io/library/registry:nope": failed to resolve reference: '


def cause(events: Sequence[str], log: Sequence[str] = ()) -> str:
    found = server.likeliest("Pod a/b", events, log)
    assert found
    assert found.remedy
    assert "{" not in found.what + found.remedy
    return found.what


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (PULL + "dial tcp: lookup registry-1.docker.io: i/o timeout", "the node cannot reach the registry"),
        (PULL + "docker.io/library/registry:nope: not found", "there is no image docker.io/library/registry:nope"),
        (PULL + "pull access denied, repository does not exist or may require authorization", "without a login"),
        (PULL + "tls: failed to verify certificate: x509: certificate signed by unknown authority", "does not trust"),
        ('Container image "a:1" is not present with pull policy of Never', "the image a:1 is not on the node"),
        ("FailedScheduling: 0/1 nodes are available: 1 Insufficient memory.", "no node has enough memory left"),
        ("FailedScheduling: 0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims", "no volume"),
        ("FailedScheduling: 0/3 nodes are available: 3 node(s) had untolerated taint {a: b}", "does not tolerate"),
        ("FailedScheduling: 1 node(s) didn't match Pod's node affinity/selector.", "nodeSelector"),
        ('FailedBinding: no persistent volumes available for this claim and no storage class is set', "StorageClass"),
        ('ProvisioningFailed: storageclass.storage.k8s.io "fast" not found', "there is no StorageClass fast"),
        ('FailedMount: MountVolume.SetUp failed for volume "a": secret "mine" not found', "there is no Secret mine"),
        ("FailedMount: MountVolume.SetUp failed: mount failed: mount.nfs: Connection timed out", "mount the NFS"),
        ('FailedCreate: pods "x" is forbidden: violates PodSecurity "restricted:latest": x', "restricted:latest"),
        ("FailedCreate: exceeded quota: small, requested: cpu=1", "quota small leaves no room"),
        ("registry ended with OOMKilled (exit code 137)", "more memory"),
    ],
)  # fmt: skip
def test_events_say_what_is_wrong(event: str, what: str) -> None:
    assert what in cause(["Warning: something else", event])


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('gateway: {"gateway":"the configuration is not good: line 1 of htpasswd is no user"}', "line 1 of htpasswd"),
        ("registry: mkdir /var/lib/registry/docker: permission denied", "may not write"),
        ("registry: write /var/lib/registry/x: no space left on device", "is full"),
        ("registry: mkdir /var/lib/registry/docker: read-only file system", "mounted read-only"),
        ("registry: configuration error: error parsing /etc/distribution/config.yml", "error parsing"),
        ("deliver: REFUSED: team-a/registry is not ours; 1 of 2 done", "Secret: team-a/registry is not ours"),
    ],
)
def test_logs_say_what_is_wrong(line: str, what: str) -> None:
    assert what in cause(["BackOff: Back-off restarting failed container"], ["registry: starting", line])


CHECK = 'registry: time="2026-11-26T06:03:22Z" level=error msg="storage driver health check: s3aws: '


@pytest.mark.parametrize(
    ("line", "what", "remedy"),
    [
        (CHECK + r'NoSuchBucket: The bucket does not exist.\n\tstatus code: 404"', "no such bucket", "bucket"),
        (CHECK + 'InvalidAccessKeyId: The Access Key Id does not exist"', "(InvalidAccessKeyId)", "rollout restart"),
        (CHECK + 'SignatureDoesNotMatch: The signature does not match"', "(SignatureDoesNotMatch)", "secretKey"),
        (CHECK + r'AccessDenied: Access Denied\n\tstatus code: 403"', "may not use the bucket", "list the bucket"),
        (CHECK + 'NoCredentialProviders: no valid providers in chain. Deprecated."', "neither keys", "existingSecret"),
        (CHECK + 'BucketRegionError: incorrect region, the bucket is in another"', "not in the region", "s3.region"),
        ("registry: panic: invalid region provided: mars-1", "no region mars-1", "s3.region"),
        (CHECK + r'RequestError: send request failed\ncaused by: Get: x509: unknown"', "trust", "AWS_CA_BUNDLE"),
        (CHECK + r'RequestError: send request failed\ncaused by: Get: http: server gave HTTP response to HTTPS client"',
         "speaks http", "begin with http://"),
        (CHECK + r'RequestError: send request failed\ncaused by: Get: dial tcp: lookup a: no such host"',
         "does not reach the store of its bucket: lookup a: no such host", "regionEndpoint"),
        (CHECK + r'RequestError: send\ncaused by: Get: dial tcp 10.0.0.1:9: connect: connection refused" x=1',
         "10.0.0.1:9: connect: connection refused", "regionEndpoint"),
        (CHECK + r'RequestError: send request failed\ncaused by: EOF"', "does not reach the store", "regionEndpoint"),
        ("registry: panic: failed to create new session with aws config: SharedConfigLoadError", "credentials file",
         "[default]"),
        ('registry: level=error msg="response" err.detail="s3aws: AccessDenied: Access Denied"', "may not use", "put"),
    ],
)  # fmt: skip
def test_a_registry_that_cannot_use_its_bucket_says_why(line: str, what: str, remedy: str) -> None:
    found = server.likeliest("Pod a/b", ["Unhealthy: Readiness probe failed: statuscode: 503"], [line])
    assert found
    assert what in found.what
    assert "x=1" not in found.what
    assert remedy in found.remedy


def test_of_what_is_not_known_there_is_no_opinion() -> None:
    assert server.likeliest("Pod a/b", ["Unhealthy: connection refused: 10.0.0.1"], ["registry: hello"]) is None


def test_what_the_kubelet_says_counts_more_than_the_log() -> None:
    log = ["registry: write /var/lib/registry/x: no space left on device"]
    assert "no node has enough cpu" in cause(["FailedScheduling: 1 Insufficient cpu."], log)


def test_one_image_that_does_not_come_is_one_finding_the_most_exact() -> None:
    events = [
        "Failed: Error: ErrImagePull",
        PULL + "not found",
        "BackOff: Back-off pulling image",
        "ImagePullBackOff: ",
    ]
    (found,) = server.opinions("Pod a/b", events, "")
    assert (found.trouble, found.what) == ("own-image", "there is no image docker.io/library/registry:nope")


def test_a_remedy_is_for_what_is_set_in_the_values() -> None:
    found = server.likeliest("Pod a/b", ['ProvisioningFailed: storageclass.storage.k8s.io "fast" not found'], [])
    assert found
    assert "storage.persistence.storageClass" in found.remedy


def test_control_characters_of_a_log_are_not_passed_on() -> None:
    assert cause([], ["configuration error: \x1b[31mred"]).endswith("configuration:  [31mred")
