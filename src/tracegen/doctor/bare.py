"""Files without a target: machines that run what `services/`, `collector/` and a backend's folder hold."""

from pathlib import Path

from tracegen.doctor.documents import Document, Unreadable, read_variables, read_yaml
from tracegen.doctor.finding import Finding, Mark
from tracegen.doctor.program import unreadable
from tracegen.doctor.world import Route, Unit, World

_FOLDERS = {"collector": "collector", "jaeger": "jaeger", "tempo": "tempo"}
_NAMES = {"config": "", "tempo": ""}


class Bare(World):
    """Every configuration is a host, called as in the other targets."""

    target = "files"

    def __init__(self, folder: Path) -> None:
        """`folder` is the output of a render."""
        units: dict[str, Unit] = {}
        problems: list[Finding] = []
        for program, where in _FOLDERS.items():
            for path in sorted((folder / where).glob("*.yaml")):
                file = path.relative_to(folder).as_posix()
                try:
                    config = next(iter(read_yaml(folder, file)), Document(file, {}))
                except Unreadable as error:
                    problems.append(unreadable(program, error.mark, error.why, self.target))
                    continue
                name = f"otel-{path.stem}" if program == "collector" else "-".join(_parts(program, path.stem))
                if config.table("receivers") or config.table("distributor") or config.table("service"):
                    units[name] = Unit(name, Mark(file), config, program)
        for path in sorted((folder / "services").glob("*/otel.env")):
            file, name = path.relative_to(folder).as_posix(), path.parent.name
            try:
                units[name] = Unit(name, Mark(file), environment=read_variables(folder, file))
            except Unreadable as error:
                problems.append(Finding("environment", error.mark, error.why, "", self.target, (name,)))
        super().__init__(folder, units, problems)

    def hosts(self) -> set[str]:
        """Names of configurations."""
        return {name for name, unit in self.units.items() if unit.program}

    def route(self, source: Unit, host: str, port: int, hop: str, mark: Mark) -> Route:
        """By name; anything else may be a machine of theirs."""
        found = self.units.get(host)
        return Route(found, port) if found and found.program else Route()


def _parts(program: str, stem: str) -> list[str]:
    return [program] if stem in _NAMES else [program, stem]
