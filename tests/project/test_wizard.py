"""The wizard in a real terminal: keys go into a pseudo-terminal, and a screen shows what a person would see."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from project.terminal import Terminal
from support import ROOT, tracegen, tree_of

PAGE = ROOT / "docs" / "new.md"
#: What is asked after the services, in its order.
QUESTIONS = [
    "Where are traces stored",
    "How is it run?",
    "On which storage?",
    "Which traces are kept?",
    "What runs it?",
]
CLEAR = "\x15"  # Ctrl-U: takes away what stands before the cursor


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


@pytest.fixture
def wizard(here: Path, tmp_path: Path) -> Iterator[Terminal]:
    with started(here, tmp_path) as terminal:
        yield terminal


def started(here: Path, tmp_path: Path, *words: str, **size: int) -> Terminal:
    return Terminal(here, ["new", "shop", *words], {"XDG_STATE_HOME": str(tmp_path / "state")}, **size)


def spec_of(here: Path) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((here / "shop" / "tracegen.yaml").read_text(encoding="utf-8"))
    return found


def assert_in_order(here: Path) -> None:
    """The project is as its spec says, in every file."""
    checked = tracegen("render", here / "shop" / "tracegen.yaml", "--check", "--strict")
    assert checked.code == 0, checked.out + checked.err


def test_the_transcript_of_the_documentation_is_real(wizard: Terminal, here: Path, regen: bool) -> None:
    wizard.answer("What is the project called?", "enter")
    wizard.answer("Which services are traced?", "enter")
    wizard.answer("Name of a service:", "checkout", "enter")
    wizard.answer("In which language?", "enter")
    wizard.answer("With which framework?", "enter")
    wizard.answer("Where does it come from?", "enter")
    wizard.answer("Another service?", "payment", "enter")
    wizard.answer("In which language?", "down", "down", "enter")
    wizard.answer("With which framework?", "down", "enter")
    wizard.answer("Where does it come from?", "enter")
    wizard.answer("Another service?", "enter")
    wizard.answer("Which services does checkout call?", "blank", "enter")
    wizard.answer("Which services does payment call?", "enter")
    wizard.answer("Where are traces stored", "enter")
    wizard.answer("How is it run?", "enter")
    wizard.wait_for("ClickHouse")
    choices = wizard.text[wizard.text.index("? On which storage?") :].splitlines()
    wizard.press("enter")
    wizard.answer("Which traces are kept?", "enter")
    wizard.answer("What runs it?", "down", "blank", "enter")
    wizard.answer("Is that what you want?", "enter")
    assert wizard.ended() == 0, wizard.text
    assert_in_order(here)
    assert shown("transcript", wizard.text.splitlines(), regen) == wizard.text.splitlines()
    assert shown("choices", choices, regen) == choices


def shown(name: str, real: list[str], regen: bool) -> list[str]:
    """A screen on the page, written anew under `--regen`."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start, end = lines.index(f"<!-- {name} -->") + 1, lines.index(f"<!-- /{name} -->")
    if regen:
        PAGE.write_text("\n".join([*lines[:start], "```text", *real, "```", *lines[end:]]) + "\n", encoding="utf-8")
        return real
    return lines[start + 1 : end - 1]


def test_a_wrong_answer_is_told_at_its_question_in_the_words_of_the_spec(wizard: Terminal) -> None:
    wizard.answer("What is the project called?", CLEAR, "My Shop", "enter")
    wizard.wait_for("'My Shop' is not a DNS label that begins with a letter")
    wizard.wait_for("did you mean 'my-shop'?")
    wizard.press(CLEAR, "my-shop", "enter")
    wizard.answer("Which services are traced?", "down", "enter")
    wizard.answer("Services, between commas:", CLEAR, "web pyhton calls api", "enter")
    wizard.wait_for("'pyhton' is not a language")
    wizard.press(CLEAR, "web python calls api", "enter")
    wizard.wait_for("web calls 'api', which is not a service of this spec")
    wizard.press(CLEAR, "web python calls web", "enter")
    wizard.wait_for("Where are traces stored")


def test_a_list_with_lines_can_be_pasted(wizard: Terminal, here: Path) -> None:
    wizard.answer("What is the project called?", "enter")
    wizard.answer("Which services are traced?", "down", "enter")
    wizard.answer("Services, between commas:", CLEAR)
    wizard.press("\x1b[200~web node calls api\napi go\n\x1b[201~", "enter")
    accept_the_rest(wizard)
    assert spec_of(here)["services"] == {"web": {"language": "node", "calls": ["api"]}, "api": {"language": "go"}}


def accept_the_rest(wizard: Terminal, first: str = "Where are traces stored") -> None:
    """Enter at every question that follows the services."""
    for question in [*QUESTIONS[QUESTIONS.index(first) :], "Is that what you want?"]:
        wizard.answer(question, "enter")
    assert wizard.ended() == 0, wizard.text


def test_escape_goes_back_and_what_was_said_is_offered_again(wizard: Terminal, here: Path) -> None:
    wizard.answer("What is the project called?", CLEAR, "one", "enter")
    wizard.answer("Which services are traced?", "escape")
    wizard.answer("What is the project called? one", "escape")  # there is nothing before it
    wizard.answer("What is the project called? one", CLEAR, "two", "enter")
    wizard.answer("Which services are traced?", "down", "enter")
    wizard.answer("Services, between commas:", "enter")
    wizard.answer("Where are traces stored", "down", "enter")
    wizard.answer("How is it run?", "escape")
    wizard.answer("Where are traces stored", "up", "enter")
    wizard.answer("How is it run?", "down", "enter")
    wizard.answer("On which storage?", "escape")
    accept_the_rest(wizard, "How is it run?")
    assert spec_of(here)["name"] == "two"
    assert spec_of(here)["backend"] == {"type": "jaeger", "mode": "scalable", "storage": {"type": "elasticsearch"}}
    assert_in_order(here)


def test_at_the_review_an_answer_can_still_be_changed(wizard: Terminal, here: Path) -> None:
    wizard.answer("What is the project called?", "enter")
    wizard.answer("Which services are traced?", "down", "enter")
    wizard.answer("Services, between commas:", "enter")
    for question in QUESTIONS:
        wizard.answer(question, "enter")
    wizard.answer("Is that what you want?", "down", "enter")
    wizard.answer("Which one?", "enter")
    wizard.answer("What runs it?", "escape")
    wizard.answer("Which traces are kept?", "down", "down", "enter")
    wizard.answer("Which share of them", CLEAR, "2", "enter")
    wizard.wait_for("2 is")
    wizard.press(CLEAR, "0.25", "enter")
    wizard.answer("What runs it?", "enter")
    wizard.answer("Is that what you want?", "enter")
    assert wizard.ended() == 0, wizard.text
    assert spec_of(here)["sampling"] == {"head": {"type": "ratio", "ratio": 0.25}}
    assert_in_order(here)


def test_only_what_is_not_told_ahead_is_asked(here: Path, tmp_path: Path) -> None:
    ahead = ["project=acme", "services=web node", "backend=external", "sampling=always_on", "targets=compose"]
    with started(here, tmp_path, *(f"--data={each}" for each in ahead)) as wizard:
        wizard.answer("External: Base URL for http, host:port for grpc?", "not a url", "enter")
        wizard.wait_for("is not a base URL")
        wizard.press(CLEAR, "https://otlp.example.com", "enter")
        wizard.answer("Is that what you want?", "enter")
        assert wizard.ended() == 0, wizard.text
        assert "What is the project called?" not in wizard.text
    assert spec_of(here)["backend"] == {"type": "external", "endpoint": "https://otlp.example.com"}


def test_a_language_without_an_example_is_asked_where_it_runs(wizard: Terminal, here: Path) -> None:
    wizard.answer("What is the project called?", "enter")
    wizard.answer("Which services are traced?", "enter")
    wizard.answer("Name of a service:", "legacy", "enter")
    wizard.answer("In which language?", "up", "enter")  # from the first to the last
    wizard.answer("Where does it come from?", "enter")
    wizard.answer("Which image?", "ghcr.io/acme/legacy:7", "enter")
    wizard.answer("Another service?", "legacy", "enter")
    wizard.wait_for("is there already")
    wizard.press(CLEAR, "enter")
    accept_the_rest(wizard)
    assert spec_of(here)["services"] == {"legacy": {"language": "other", "image": "ghcr.io/acme/legacy:7"}}
    assert_in_order(here)


@pytest.mark.parametrize("how", ["interrupt", "kill"])
def test_answers_of_an_interrupted_run_are_offered_again(here: Path, tmp_path: Path, how: str) -> None:
    with started(here, tmp_path) as wizard:
        wizard.answer("What is the project called?", CLEAR, "acme", "enter")
        wizard.answer("Which services are traced?", "down", "enter")
        wizard.answer("Services, between commas:", CLEAR, "web node, api go", "enter")
        wizard.wait_for("Where are traces stored")
        if how == "kill":
            wizard.kill()
        else:
            wizard.press("interrupt")
            assert wizard.ended() == 130
            assert "your answers are kept" in wizard.text
    assert not (here / "shop").exists()
    with started(here, tmp_path) as wizard:
        wizard.answer("There are answers of an earlier run.", "enter")
        accept_the_rest(wizard)
    assert (spec_of(here)["name"], list(spec_of(here)["services"])) == ("acme", ["web", "api"])  # type: ignore[call-overload]
    assert not list((tmp_path / "state").rglob("*.yaml")), "answers are forgotten when the project is there"


def test_answers_that_do_not_fit_any_more_are_asked_for_again(here: Path, tmp_path: Path) -> None:
    with started(here, tmp_path) as wizard:
        wizard.answer("What is the project called?", CLEAR, "acme", "enter")
        wizard.wait_for("Which services are traced?")
        wizard.kill()
    (kept,) = (tmp_path / "state").rglob("*.yaml")
    kept.write_text("project: acme\nservices: {a: {language: klingon}}\n", encoding="utf-8")
    with started(here, tmp_path) as wizard:
        wizard.answer("There are answers of an earlier run.", "enter")
        wizard.wait_for("Which services are traced?")
        assert "klingon" not in wizard.text


def test_stopping_at_the_review_writes_nothing(here: Path, tmp_path: Path) -> None:
    with started(here, tmp_path, "--data=project=a", "--data=services=web node", "--data=backend=jaeger") as wizard:
        for question in QUESTIONS[1:]:
            wizard.answer(question, "enter")
        wizard.answer("Is that what you want?", "up", "enter")
        assert wizard.ended() == 130
    assert not (here / "shop").exists()


def test_what_came_while_the_questions_were_asked_is_not_overwritten(wizard: Terminal, here: Path) -> None:
    wizard.answer("What is the project called?", "enter")
    (here / "shop").mkdir()
    (here / "shop" / "compose.yaml").write_text("mine\n", encoding="utf-8")
    wizard.answer("Which services are traced?", "down", "enter")
    wizard.answer("Services, between commas:", "enter")
    for question in QUESTIONS:
        wizard.answer(question, "enter")
    wizard.answer("Is that what you want?", "enter")
    assert wizard.ended() == 2
    assert "is there already" in wizard.text
    assert tree_of(here / "shop") == {"compose.yaml": b"mine\n"}


def add(wizard: Terminal, name: str, question: str = "Another service?") -> None:
    """A service of the first language, one by one."""
    wizard.answer(question, name, "enter")
    wizard.answer("In which language?", "enter")
    wizard.answer("With which framework?", "enter")
    wizard.answer("Where does it come from?", "enter")
    wizard.wait_for("Another service?")


def test_no_service_is_lost_by_an_interrupt_in_the_middle_of_them(here: Path, tmp_path: Path) -> None:
    with started(here, tmp_path) as wizard:
        wizard.answer("What is the project called?", "enter")
        wizard.answer("Which services are traced?", "enter")
        add(wizard, "My_Web", "Name of a service:")
        add(wizard, "api")
        wizard.answer("Another service?", "interrupt")
        assert wizard.ended() == 130
        assert "your answers are kept" in wizard.text
    with started(here, tmp_path) as wizard:
        wizard.answer("There are answers of an earlier run.", "enter")
        wizard.answer("Which services are traced?", "enter")
        wizard.wait_for("so far: my-web python flask, api python flask")
        wizard.answer("Another service?", "enter")
        wizard.answer("Which services does my-web call?", "blank", "enter")
        wizard.answer("Which services does api call?", "enter")
        wizard.answer("Where are traces stored", "escape")  # back to the services, which are all there
        wizard.answer("Which services are traced?", "enter")
        wizard.wait_for("so far: my-web python flask calls api, api python flask")
        wizard.answer("Another service?", "escape")
        wizard.answer("Back to what?", "enter")
        wizard.answer("Another service?", "enter")
        wizard.answer("Which services does my-web call?", "enter")
        wizard.answer("Which services does api call?", "enter")
        accept_the_rest(wizard)
    assert list(spec_of(here)["services"]) == ["my-web", "api"]  # type: ignore[call-overload]


def test_a_pasted_list_with_one_mistake_is_there_again_after_escape(wizard: Terminal, here: Path) -> None:
    wizard.answer("What is the project called?", "enter")
    wizard.answer("Which services are traced?", "down", "enter")
    wizard.answer("Services, between commas:", CLEAR, "web js calls api, api klingon", "enter")
    wizard.wait_for("'klingon' is not a language")
    wizard.press("escape")
    wizard.answer("Which services are traced?", "down", "enter")
    wizard.answer("klingon", *["\x7f"] * len("klingon"), ".NET", "enter")
    accept_the_rest(wizard)
    assert spec_of(here)["services"] == {
        "web": {"language": "node", "calls": ["api"]},
        "api": {"language": "dotnet"},
    }


@pytest.mark.parametrize("columns", [80, 40])
def test_the_review_fits_a_screen_and_opens_any_answer(columns: int, here: Path, tmp_path: Path) -> None:
    services = ", ".join(f"service-{number} python" for number in range(17))
    ahead = [f"--data={each}" for each in ("project=acme", f"services={services}", "sampling=always_on")]
    with started(here, tmp_path, *ahead, lines=24, columns=columns) as wizard:
        for question in [each for each in QUESTIONS if "kept" not in each]:
            wizard.answer(question, "enter")
        wizard.wait_for("Is that what you want?")
        assert "  project   acme" in wizard.text, wizard.text
        wizard.answer("Is that what you want?", "down", "enter")
        wizard.answer("Which one?", "up", "enter")  # the storage
        wizard.answer("On which storage?", "down", "enter")
        wizard.answer("Is that what you want?", "enter")
        assert wizard.ended() == 0, wizard.text
    assert spec_of(here)["backend"]["storage"]["type"] == "memory"  # type: ignore[index]


def test_what_lies_in_the_folder_is_offered_to_begin_with(here: Path, tmp_path: Path) -> None:
    (here / "compose.yaml").write_text("services: {web: {image: 'node:24', ports: ['80:80']}}\n", encoding="utf-8")
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    with Terminal(here, ["new"], state) as wizard:
        wizard.wait_for("compose.yaml is here. Begin with that?")
        wizard.press("enter")
        assert wizard.ended() == 0, wizard.text
    assert "web:" in (here / "tracing" / "tracegen.yaml").read_text(encoding="utf-8")
    with Terminal(here, ["new"], state) as wizard:
        wizard.wait_for("compose.yaml is here. Begin with that?")
        wizard.press("down", "enter")
        assert wizard.ended() == 2
        assert "tracegen new --from compose.yaml" in wizard.text
