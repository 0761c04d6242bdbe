"""Blocks in Google Cloud Storage: https://grafana.com/docs/tempo/latest/configuration/hosted-storage/gcs/."""

from tracegen.decide.records import GcsStorage
from tracegen.emit import Value
from tracegen.packs.contract import Storage
from tracegen.parts.certificates import client_path
from tracegen.system import Call, Design, Secret, SecretMount, text
from tracegen.system.storage_part import StoragePart

_CREDENTIALS = client_path("gcs", "credentials.json")

#: Its API, and what tells a pod who it is: https://cloud.google.com/kubernetes-engine/docs/concepts/workload-identity.
#: Without Dataplane V2 a policy sees where the machine takes the question: at 988 of this address.
_SERVER, _IDENTITY, _NODE = "storage.googleapis.com", "metadata.google.internal", "169.254.169.252"


class GoogleCloud:
    """Google Cloud Storage as a storage of Tempo."""

    def part(self, design: Design) -> StoragePart:
        """With a service account's key as a file, or workload identity when none is named."""
        options = design.backend.storage.options_as(GcsStorage)
        config: dict[str, Value] = {"bucket_name": options.bucket}
        if options.prefix:
            config["prefix"] = options.prefix
        secrets = [part for part in design.backend.storage.texts.get("credentials", ()) if isinstance(part, Secret)]
        return StoragePart(
            config={"backend": "gcs", "gcs": config},
            secret_files=tuple(SecretMount(secret, _CREDENTIALS) for secret in secrets),
            calls=(Call(_SERVER, 443), *(() if secrets else (Call(_IDENTITY, 80), Call(_NODE, 988)))),
            environment={"GOOGLE_APPLICATION_CREDENTIALS": text(_CREDENTIALS)} if secrets else {},
        )


STORAGE: Storage = GoogleCloud()
