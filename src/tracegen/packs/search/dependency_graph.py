"""The job that reads a day of spans and writes who calls whom, for storages in which Jaeger cannot ask for that.

Program, variables and image: https://github.com/jaegertracing/spark-dependencies (README.md, Dockerfile,
entrypoint.sh).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tracegen.parts.certificates import client_path
from tracegen.system import Call, Component, Design, SecretMount, Text, Wait, text
from tracegen.system.component import Resources
from tracegen.system.units import MEBIBYTE

NAME = "jaeger-dependencies"

_HEAP = 640
_MEMORY = 1024
_TRUST = "/tmp/trust.p12"
#: Around an authority's certificate, which is no secret; Java wants a word.
_TRUST_WORD = "changeit"


@dataclass(frozen=True)
class Reader:
    """How the job reaches a storage called `name`.

    `password_file` is the variable that a mounted password goes to, empty when no password is mounted. `may_fail`:
    while there is nothing to read the program ends with an error, which says nothing.
    """

    name: str
    environment: Mapping[str, Text]
    secret_files: tuple[SecretMount, ...]
    needs: Mapping[str, Wait]
    calls: tuple[Call, ...]
    password_file: str = ""
    may_fail: bool = False


def dependency_job(reader: Reader, design: Design) -> tuple[Component, ...]:
    """The job; none where it cannot verify the server as the spec says: it has authorities only."""
    tls = design.backend.storage.tls
    if tls and (tls.cert or tls.server_name):
        return ()
    image = design.images[f"jaeger-spark-dependencies-{reader.name}"]
    job = Component(
        name=NAME,
        image=image.reference,
        why="Reads yesterday's spans once a day and writes who calls whom: the page System Architecture.",
        entrypoint=("sh", "-c", _script(reader, trusts=bool(tls and tls.ca))),
        secret_files=reader.secret_files,
        environment={
            "JAVA_OPTS": text(_java_options(trusts=bool(tls and tls.ca))),
            # Everything is in this one process.
            "SPARK_LOCAL_IP": text("127.0.0.1"),
            **reader.environment,
        },
        resources=Resources(1.0, _MEMORY * MEBIBYTE),
        needs=reader.needs,
        calls=reader.calls,
        user=image.user,
        read_only=False,
        why_writable="What does not fit its memory goes to its disk, and a folder in memory is no disk.",
        grace=5,
        job=True,
        every=86_400,
    )
    return (job,)


def _script(reader: Reader, trusts: bool) -> str:
    steps = []
    if reader.password_file:
        file = client_path(reader.name, "password")
        steps += [f'{reader.password_file}="$(cat {file})"', f"export {reader.password_file}"]
    if trusts:
        authority = f"-importcert -noprompt -alias ca -file {client_path(reader.name, 'ca.crt')}"
        steps += [f"rm -f {_TRUST}", f"keytool {authority} -keystore {_TRUST} -storepass {_TRUST_WORD}"]
    run = '/entrypoint.sh "$(date -u -d yesterday +%F)"'
    if not reader.may_fail:
        return " && ".join([*steps, f"exec {run}"])
    # Without spans of yesterday it asks for the index of an old version, prefix:name, and Elasticsearch answers 400.
    steps.append(f'{{ {run} || echo "No graph of yesterday: nothing to read, or see above."; }}')
    return " && ".join(steps)


def _java_options(trusts: bool) -> str:
    trust = f" -Djavax.net.ssl.trustStore={_TRUST} -Djavax.net.ssl.trustStorePassword={_TRUST_WORD}" if trusts else ""
    return f"-Xmx{_HEAP}m{trust}"
