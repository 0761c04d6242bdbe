"""Daily indices in OpenSearch, in a cluster that exists or in one node of ours.

Settings of the image: https://docs.opensearch.org/latest/install-and-configure/install-opensearch/docker/
"""

from tracegen.packs.contract import Storage
from tracegen.packs.search.storage import search_node, search_storage
from tracegen.system import Design
from tracegen.system.storage_part import StoragePart

NAME = "opensearch"

_SETTINGS = {
    # Reached inside the network only; the plugin would want certificates and a password of its own.
    "DISABLE_SECURITY_PLUGIN": "true",
    "DISABLE_INSTALL_DEMO_CONFIG": "true",
    "DISABLE_PERFORMANCE_ANALYZER_AGENT_CLI": "true",
}


class OpenSearch:
    """OpenSearch as a storage of Jaeger."""

    def part(self, design: Design) -> StoragePart:
        """OpenSearch in Jaeger."""
        node = search_node(NAME, "/usr/share/opensearch/data", "OPENSEARCH_JAVA_OPTS", _SETTINGS, design)
        return search_storage(NAME, "OS", node, design)


STORAGE: Storage = OpenSearch()
