"""Blocks in Azure Blob Storage: https://grafana.com/docs/tempo/latest/configuration/hosted-storage/azure/."""

from tracegen.decide.records import AzureStorage
from tracegen.emit import Commented, Value
from tracegen.packs.contract import Storage
from tracegen.parts.variables import variables_of
from tracegen.render.otel.text import tempo_text
from tracegen.system import Call, Design
from tracegen.system.storage_part import StoragePart

#: What tells a machine who it is: https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service.
_IDENTITY = ("169.254.169.254", 80)
#: Where a token of the cluster becomes one of Azure: https://azure.github.io/azure-workload-identity/docs/.
_LOGIN = ("login.microsoftonline.com", 443)


class Azure:
    """Azure as a storage of Tempo."""

    def part(self, design: Design) -> StoragePart:
        """With the account's key, a token of the pod's, or the machine's identity when nothing is named."""
        options = design.backend.storage.options_as(AzureStorage)
        key = design.backend.storage.texts.get("key")
        config: dict[str, Value] = {
            "storage_account_name": options.account,
            "container_name": options.container,
        }
        if key:
            config["storage_account_key"] = tempo_text(key)
        elif options.federated_token:
            why = "The token of the pod's account, which AKS puts into pods with its label."
            config["use_federated_token"] = Commented(True, why)
        else:
            config["use_managed_identity"] = Commented(True, "No key is named: the machine's own identity is asked.")
        if options.prefix:
            config["prefix"] = options.prefix
        server = Call(f"{options.account}.blob.core.windows.net", 443)
        return StoragePart(
            config={"backend": "azure", "azure": config},
            environment=variables_of([key] if key else []),
            calls=(server,) if key else (server, Call(*(_LOGIN if options.federated_token else _IDENTITY))),
        )


STORAGE: Storage = Azure()
