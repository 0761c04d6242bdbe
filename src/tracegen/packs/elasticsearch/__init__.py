"""Daily indices in Elasticsearch, in a cluster that exists or in one node of ours.

Settings of the image: https://www.elastic.co/docs/deploy-manage/deploy/self-managed/install-elasticsearch-with-docker
"""

from tracegen.packs.contract import Storage
from tracegen.packs.search.storage import search_node, search_storage
from tracegen.system import Design
from tracegen.system.storage_part import StoragePart

NAME = "elasticsearch"

_SETTINGS = {
    # Reached inside the network only; it would want certificates and a password of its own.
    "xpack.security.enabled": "false",
    "ingest.geoip.downloader.enabled": "false",
}


class Elasticsearch:
    """Elasticsearch as a storage of Jaeger."""

    def part(self, design: Design) -> StoragePart:
        """Elasticsearch in Jaeger."""
        node = search_node(NAME, "/usr/share/elasticsearch/data", "ES_JAVA_OPTS", _SETTINGS, design)
        return search_storage(NAME, "ES", node, design)


STORAGE: Storage = Elasticsearch()
