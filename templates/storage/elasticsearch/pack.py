"""Daily indices in Elasticsearch, in a cluster that exists or in one node of ours.

Settings of the image: https://www.elastic.co/docs/deploy-manage/deploy/self-managed/install-elasticsearch-with-docker
"""

from tracegen.assemble.search_storage import PORT, data_volume, java_heap, search_storage
from tracegen.model import Component, Health, Model, Port, Resources, text
from tracegen.model.storage_part import StoragePart
from tracegen.model.units import MEBIBYTE
from tracegen.packs import Catalogue

NAME = "elasticsearch"

_DATA = "/usr/share/elasticsearch/data"
_RESOURCES = Resources(1.0, 2048 * MEBIBYTE)


def jaeger(model: Model, packs: Catalogue) -> StoragePart:
    """Elasticsearch in Jaeger."""
    return search_storage(NAME, _node(model), model)


def _node(model: Model) -> Component:
    image = model.images[NAME]
    return Component(
        name=NAME,
        image=image.reference,
        why="Keeps the spans.",
        ports=(Port("http", PORT),),
        health=Health(
            command=(
                "curl",
                "--fail",
                "--silent",
                "--output",
                "/dev/null",
                f"http://127.0.0.1:{PORT}/_cluster/health",
            ),
            port=PORT,
            path="/_cluster/health",
            start_period=120,
        ),
        volumes=(data_volume(NAME, model, _DATA),),
        environment={
            "discovery.type": text("single-node"),
            "ES_JAVA_OPTS": text(java_heap(_RESOURCES)),
            # Reached inside the network only; it would want certificates and a password of its own.
            "xpack.security.enabled": text("false"),
            "ingest.geoip.downloader.enabled": text("false"),
        },
        resources=_RESOURCES,
        user=image.user,
        read_only=False,
        why_writable="It writes a key store and logs beside its programs.",
        grace=60,
        production=False,
    )
