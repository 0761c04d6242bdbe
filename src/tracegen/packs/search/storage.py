"""Elasticsearch and OpenSearch as storages of Jaeger: the same schema, different servers.

Configuration: https://www.jaegertracing.io/docs/latest/storage/elasticsearch/ and the index cleaner's page there.
"""

from collections.abc import Mapping

from tracegen.decide.records import OpensearchStorage
from tracegen.emit import Commented, Value
from tracegen.packs.search.dependency_graph import Reader, dependency_job
from tracegen.parts.calls import server_calls
from tracegen.parts.certificates import client_mounts, client_path
from tracegen.parts.variables import login_of, variables_of
from tracegen.render.otel.text import config_text
from tracegen.render.otel.tls import client_tls
from tracegen.system import (
    Call,
    Component,
    Design,
    Health,
    Port,
    Resources,
    Secret,
    SecretMount,
    Text,
    Volume,
    Wait,
    text,
)
from tracegen.system.storage_part import StoragePart
from tracegen.system.units import MEBIBYTE

PORT = 9200

_DAY_HOURS = 24
_CLEANER = "jaeger-index-cleaner"
_INDICES = ("spans", "services", "dependencies", "sampling")

_DAILY, _MONTHLY = "2006-01-02", "2006-01"

#: Those of both: they have the same keys.
Options = OpensearchStorage

#: The first line of a request may be this long (`http.max_initial_line_length`), and a list of services names the
#: index of every day in it, by older versions of Jaeger with a comma of three characters between.
_LONGEST_LINE = 4_096
_ROUND_THE_NAMES = 256

#: Versions of Jaeger from which spans can be written before they are acknowledged (pull request 8949, RFC 0007).
_SYNCHRONOUS = "2.21"

#: Hours in which archived traces are found: ten years, since the key wants a number.
_ARCHIVE_HOURS = 87_600

#: Days of spans that the cleaner keeps beside the retention: today's index is not a whole day yet.
_TODAY = 1


def search_node(name: str, data: str, heap_variable: str, settings: Mapping[str, str], design: Design) -> Component:
    """The one node that the rendered system runs: `data` is its folder, `heap_variable` what sizes its heap."""
    image = design.images[name]
    health = f"http://127.0.0.1:{PORT}/_cluster/health?wait_for_status=yellow&timeout=1s"
    # Half of the memory for the heap, as the servers' authors advise; the rest is for files in the cache.
    resources = design.backend.server
    assert resources, "the pack of each of the two says what it takes"
    heap = resources.memory // MEBIBYTE // 2
    environment = {"discovery.type": "single-node", heap_variable: f"-Xms{heap}m -Xmx{heap}m", **settings}
    return Component(
        name=name,
        image=image.reference,
        why="Keeps the spans.",
        ports=(Port("http", PORT),),
        health=Health(
            command=("curl", "--fail", "--silent", "--output", "/dev/null", health),
            port=PORT,
            # Without a wished status it answers 200 on red.
            path="/_cluster/health?wait_for_status=yellow&timeout=1s",
            start_period=120,
        ),
        volumes=(Volume(f"{name}-data", data, _options(design).size, "spans"),),
        environment={key: text(value) for key, value in environment.items()},
        resources=resources,
        user=image.user,
        read_only=False,
        why_writable="It writes a key store and logs beside its programs.",
        grace=60,
        login=False,
        production=False,
    )


def search_storage(name: str, prefix: str, node: Component, design: Design) -> StoragePart:
    """What Jaeger needs of a cluster called `name`; `node` is the one that runs when the spec names no server.

    `prefix` is that of the variables by which the job that reads who calls whom is told of the cluster.
    """
    options, inside = _options(design), design.backend.storage.inside
    needs = {name: Wait.HEALTHY} if inside else {}
    components = [node] if inside else []
    if options.manage:
        components += [_cleaner(name, design, inside), *dependency_job(_reader(name, prefix, design, needs), design)]
    return StoragePart(
        config={name: _config(name, design, options.index_prefix or "")},
        archive={name: _config(name, design, _archive_prefix(options), archive=True)},
        components=tuple(components),
        secret_files=_secret_files(name, design),
        environment=variables_of(_login(design).values()),
        needs=needs,
        calls=_calls(name, design),
        # Jaeger collects spans for a bulk request, 200 ms by default, and acknowledges them before.
        written_at_once=not design.images["jaeger"].is_before(_SYNCHRONOUS),
    )


def _options(design: Design) -> Options:
    return design.backend.storage.options_as(Options)


def _calls(name: str, design: Design) -> tuple[Call, ...]:
    return server_calls(servers_said(_options(design)) or [f"http://{name}:{PORT}"])


def servers_said(options: Options) -> list[str]:
    """The servers that exist already; none when the rendered system runs one."""
    return list(options.urls or ()) or ([options.url] if options.url else [])


def _config(name: str, design: Design, prefix: str, archive: bool = False) -> Value:
    options = _options(design)
    config: dict[str, Value] = {"server_urls": servers_said(options) or [f"http://{name}:{PORT}"]}
    auth = _auth(name, design)
    if auth:
        config["auth"] = {"basic": auth}
    tls = client_tls(name, design.backend.storage.tls)
    if tls:
        config["tls"] = tls
    config["max_span_age"] = _window(design, archive)
    if not design.images["jaeger"].is_before(_SYNCHRONOUS):
        why = (
            "A span is acknowledged when the server has it: the default is to acknowledge first, and drop what fails."
        )
        config["write_mode"] = Commented("sync", why)
        poison = (
            "A document that the server will never take (400, such as more than 10,000 nested fields) is logged,\n"
            "counted and left out. The default is to repeat its whole batch for ever, and everything waits behind it."
        )
        config["poison_pill_handling"] = Commented("drop", poison)
    if not options.manage:
        config["create_mappings"] = Commented(
            False, "Templates are somebody else's: they must exist before the first span."
        )
    indices = {index: _index(index, design, archive) for index in _INDICES}
    config["indices"] = {**({"index_prefix": prefix} if prefix else {}), **indices}
    return config


def _window(design: Design, archive: bool) -> Value:
    if archive:
        return Commented(f"{_ARCHIVE_HOURS}h", "For good: the default would hide what is older than three days.")
    why = "As long as spans live: the default of three days would hide older ones from searches."
    return Commented(f"{design.backend.retention + _DAY_HOURS}h", why)


def _index(index: str, design: Design, archive: bool) -> Value:
    options = _options(design)
    layout, rollover = (_MONTHLY, "month") if archive else _period(index, design)
    # The others are small: a day of them in several shards would only use up those that a node may have.
    return {
        "shards": options.shards if index == "spans" else 1,
        "replicas": options.replicas,
        "date_layout": layout,
        "rollover_frequency": rollover,
    }


def _period(index: str, design: Design) -> tuple[Value, str]:
    """The names of an index's periods. They are the only form that every version of Jaeger 2 takes."""
    if index == "spans":
        why = "A day an index, by this name the cleaner finds them. The reference date of Go."
        return Commented(_DAILY, why), "day"
    if index == "services" and not _days_fit_a_request(design):
        why = "A month an index: a list of services names all of them, and so many days are no request any more."
        return Commented(_MONTHLY, why), "month"
    return _DAILY, "day"


def _days_fit_a_request(design: Design) -> bool:
    prefix = _options(design).index_prefix or ""
    name = f"{prefix}-jaeger-service-2006-01-02%2C"
    days = design.backend.retention // _DAY_HOURS + 2 * _TODAY
    return days * len(name) + _ROUND_THE_NAMES <= _LONGEST_LINE


def _archive_prefix(options: Options) -> str:
    return f"{options.index_prefix}-archive" if options.index_prefix else "archive"


def _login(design: Design) -> Mapping[str, Text]:
    """User name, and the password when it is no file."""
    return {key: value for key, value in login_of(design).items() if not _file_of(value)}


def _auth(name: str, design: Design) -> dict[str, Value]:
    auth: dict[str, Value] = {}
    for key, value in login_of(design).items():
        if key == "password" and _file_of(value):
            auth["password_file"] = client_path(name, "password")
        else:
            auth[key] = config_text(value)
    return auth


def _file_of(value: Text) -> Secret | None:
    return next((part for part in value if isinstance(part, Secret) and part.file), None)


def _secret_files(name: str, design: Design) -> tuple[SecretMount, ...]:
    password = _file_of(login_of(design).get("password", ()))
    mounts = client_mounts(name, design.backend.storage.tls)
    return (*mounts, SecretMount(password, client_path(name, "password"))) if password else mounts


def _reader(name: str, prefix: str, design: Design, needs: Mapping[str, Wait]) -> Reader:
    options = _options(design)
    servers = servers_said(options) or [f"http://{name}:{PORT}"]
    environment: dict[str, Text] = {
        f"{prefix}_NODES": text(",".join(servers)),
        f"{prefix}_NODES_WAN_ONLY": text("true"),
        # Its default is to leave out what is more than a day old, hence most of yesterday.
        f"{prefix}_TIME_RANGE": text("48h"),
    }
    if options.index_prefix:
        environment[f"{prefix}_INDEX_PREFIX"] = text(options.index_prefix)
    environment |= {f"{prefix}_{key.upper()}": value for key, value in _login(design).items()}
    in_file = _file_of(login_of(design).get("password", ()))
    variable = f"{prefix}_PASSWORD" if in_file else ""
    may_fail = bool(options.index_prefix)
    return Reader(name, environment, _secret_files(name, design), needs, _calls(name, design), variable, may_fail)


def _cleaner(name: str, design: Design, inside: bool) -> Component:
    """Deletes the indices of days past the retention, once a day."""
    options = _options(design)
    days = -(-design.backend.retention // _DAY_HOURS) + _TODAY
    servers = servers_said(options) or [f"http://{name}:{PORT}"]
    return Component(
        name=_CLEANER,
        image=design.images["jaeger-es-index-cleaner"].reference,
        why=f"Deletes indices older than {days} days, once a day: how retention comes about.",
        entrypoint=("sh", "-c", _cleaner_script(name, design), "cleaner"),
        args=(str(days), *servers),
        secret_files=_secret_files(name, design),
        environment=_cleaner_environment(name, design),
        resources=Resources(0.2, 64 * MEBIBYTE),
        needs={name: Wait.HEALTHY} if inside else {},
        calls=_calls(name, design),
        user=design.images["jaeger-es-index-cleaner"].user,
        writable=("/tmp",),
        grace=5,
        job=True,
        every=86_400,
    )


def _cleaner_script(name: str, design: Design) -> str:
    """The program's name ends in the architecture in some releases; it takes a password from the environment only."""
    run = 'exec /go/bin/es-index-cleaner-linux* "$@"'
    if len(servers_said(_options(design))) > 1:
        # Any node of the cluster will do, and one may be away.
        tried = '/go/bin/es-index-cleaner-linux* "$days" "$server" && exit 0'
        run = f'days="$1"; shift; for server in "$@"; do {tried}; done; exit 1'
    if not _file_of(login_of(design).get("password", ())):
        return run
    return f'ES_PASSWORD="$(cat {client_path(name, "password")})" && export ES_PASSWORD && {{ {run}; }}'


def _cleaner_environment(name: str, design: Design) -> dict[str, Text]:
    options, tls = _options(design), design.backend.storage.tls
    environment: dict[str, Text] = {"TIMEOUT": text("120")}
    if options.index_prefix:
        environment["INDEX_PREFIX"] = text(options.index_prefix)
    names = {"username": "ES_USERNAME", "password": "ES_PASSWORD"}
    environment |= {names[key]: value for key, value in _login(design).items()}
    if tls:
        files = {
            "ES_TLS_CA": (tls.ca, "ca.crt"),
            "ES_TLS_CERT": (tls.cert, "tls.crt"),
            "ES_TLS_KEY": (tls.key, "tls.key"),
        }
        environment["ES_TLS_ENABLED"] = text("true")
        environment |= {key: text(client_path(name, file)) for key, (secret, file) in files.items() if secret}
    if tls and tls.server_name:
        environment["ES_TLS_SERVER_NAME"] = text(tls.server_name)
    return environment
