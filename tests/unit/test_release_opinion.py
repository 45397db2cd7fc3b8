"""What is thought to be wrong with a Pod: words of the kubelet, containerd, the scheduler and the programs."""

import pytest

from privreg_values.release import opinion

PULL = 'Failed: Failed to pull image "docker.io/library/registry:nope": failed to resolve reference: '


@pytest.mark.parametrize(
    ("event", "cause"),
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
def test_events_say_what_is_wrong(event: str, cause: str) -> None:
    found = opinion.of(["Warning: something else", event], [])
    assert found
    assert cause in found.cause
    assert found.remedy


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ('gateway: {"gateway":"the configuration is not good: line 1 of htpasswd is no user"}', "line 1 of htpasswd"),
        ("registry: mkdir /var/lib/registry/docker: permission denied", "may not write"),
        ("registry: write /var/lib/registry/x: no space left on device", "is full"),
        ("registry: mkdir /var/lib/registry/docker: read-only file system", "is read-only"),
        ("registry: configuration error: error parsing /etc/distribution/config.yml", "error parsing"),
    ],
)
def test_logs_say_what_is_wrong(line: str, cause: str) -> None:
    found = opinion.of(["BackOff: Back-off restarting failed container"], ["registry: starting", line])
    assert found
    assert cause in found.cause


def test_of_what_is_not_known_there_is_no_opinion() -> None:
    assert opinion.of(["Unhealthy: Readiness probe failed"], ["registry: hello"]) is None
