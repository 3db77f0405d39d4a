"""The same from a shell: ``python -m ecglab COMMAND``."""

import argparse
import json
import os
import sys
import warnings
from importlib import import_module
from pathlib import Path

from ecglab import __version__, experiments, given, records

#: The window of a beat with its rhythm strip, and what of it is drawn large; s about the beat.
_RHYTHM, _ZOOM = {"before": 2.5, "after": 1.5}, (0.25, 0.35)
#: Databases whose beats have labels, and on which of their records a network is tested.
_TESTED = {"mitdb": "DS2", "svdb": "all"}
#: Numbers that `train` hands on to `ecglab.train.fit`.
_NUMBERS = ("epochs", "steps", "batch", "rate", "average")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, OSError, ImportError) as error:
        print(f"python -m ecglab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on where it stopped", file=sys.stderr)
        return 130
    return 0


def info(options: argparse.Namespace) -> None:
    """Print where recordings come from and what is installed."""
    print(f"ecglab {__version__}")
    for database in records.DATABASES:
        print(records.describe(database))
    print(f"cache: {records.cache()}")
    print(", ".join(f"{name} {value}" for name, value in experiments.environment().items()))


def download(options: argparse.Namespace) -> None:
    """Fetch databases into the cache."""
    print(f"complete: {records.download(options.database)}")


def train(options: argparse.Namespace) -> None:
    """Train a ResNet-50 on beat images."""
    names = _names(options.records)
    leads = given.each_once(options.lead, "--lead")
    given.whole("seed", options.seed, 0, 2**32 - 1)  # Keras takes no larger one
    processes = given.whole("processes", options.processes, 1)
    if processes == 1 or options.process == 0:  # it alone writes
        given.writable(options.out)
    from ecglab import train as training  # late: --help needs no Keras
    from ecglab.backend import keras
    from ecglab.recipe import Recipe

    numbers = {name: getattr(options, name) for name in _NUMBERS}
    training.check(**numbers, seed=options.seed)
    if processes > 1:
        training.join(options.address, processes, options.process)
    keras.config.set_dtype_policy(options.precision)
    window = {**_RHYTHM, "zoom": _ZOOM} if options.rhythm else {}
    recipe = Recipe(leads=leads, size=options.size, width=options.width, **numbers, **window)
    model = recipe.build(options.seed)
    print(records.describe())
    heartbeats = recipe.load(names)
    print(heartbeats)
    print(f"ResNet-50, width {options.width}, {model.count_params():,} parameters")
    training.fit(model, heartbeats, folder=options.out, seed=options.seed, **recipe.training)
    print(f"trained: {options.out}; next: python -m ecglab evaluate --run {options.out}")


def evaluate(options: argparse.Namespace) -> None:
    """Score the network that ships, or one of your own, on people it has not seen."""
    database = options.database
    names = _names(options.records or _TESTED[database], database)
    from ecglab import evaluate as evaluation
    from ecglab import runs, shipped
    from ecglab.recipe import Recipe

    if options.run_folder is None:
        model, recipe = shipped.load()
        trained = shipped.TRAINED_ON
    else:
        model = runs.checkpoint(options.run_folder)
        settings = runs.run_of(options.run_folder)["settings"]
        recipe, trained = Recipe.from_json(settings["recipe"]), settings["beats"]
        given.writable_file(options.run_folder / "scores.json")
    print(records.describe(database))
    seen, warning = _seen(names, trained, database)
    print(warning, end="")
    heartbeats, probabilities = shipped.predict(model, recipe, names, database)
    predicted = probabilities.argmax(axis=1)
    result = evaluation.scores(heartbeats.labels, predicted)
    print(f"\n{heartbeats}\n\nper record\n")
    table = evaluation.per_record(heartbeats.labels, predicted, heartbeats.records)
    print(table.to_string(float_format="{:.3f}".format, na_rep="–"))
    if len(set(heartbeats.subjects)) > 1:
        intervals = evaluation.bootstrap_records(heartbeats.labels, predicted, heartbeats.subjects)
        print("\n95 % intervals, resampling people\n")
        print(intervals.to_string(float_format="{:.3f}".format, na_rep="–"))
    print(f"\nall records\n\n{result}")
    print(warning, end="")
    if heartbeats.simulated:
        print("\nSIMULATED patients: no number here is a real person's")
    if options.run_folder is not None:
        path = options.run_folder / "scores.json"
        noted = {"database": database, "records": names, "trained on": seen}
        runs.write_text(path, json.dumps(result.summary() | noted, indent=1))


def _seen(names: list[str], trained: dict, database: str = "mitdb") -> tuple[list[str], str]:
    """Return the records of people on whom a network was trained, and a warning to print."""
    seen = [name for name in names if records.subject(name) in trained["subjects"]]
    if not seen:
        return [], ""
    if records.load(seen[0], database).simulated != trained["simulated"]:
        kinds = ("real people", "simulated patients")
        then, now = kinds[trained["simulated"]], kinds[not trained["simulated"]]
        return [], (
            f"\nSAME NAMES: this network was trained on {then} called {', '.join(seen)}.\n"
            f"Those here are {now}, whom it has not seen.\n"
        )
    whose = {records.subject(name): name for name in reversed(trained["records"])}
    named = []
    for name in seen:
        if name not in trained["records"]:
            name = f"{name} (the same person as {whose[records.subject(name)]})"
        named.append(name)
    people = len({records.subject(name) for name in seen})
    everyone = len({records.subject(name) for name in names})
    return seen, (
        f"\nSEEN IN TRAINING: this network was trained on {people} of these {everyone} people: "
        f"records {', '.join(named)}.\n"
        "Their scores show what it remembers, not what it does with people it has not seen.\n"
    )


def read(options: argparse.Namespace) -> None:
    """Read a recording of your own and write a report: for learning, not for diagnosis."""
    from ecglab import report  # late, like the network

    path = report.check_place(options.out or f"{Path(options.file).stem}-report.html")
    known = {name: getattr(options, name) for name in ("fs", "units", "annotations")}
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always", UserWarning)
        record = records.read(options.file, leads=_leads(options.leads), **known)
    for doubt in doubts:
        print(f"python -m ecglab: {doubt.message}", file=sys.stderr)
    findings = report.examine(record)
    written = report.write(findings, path)
    print(f"{findings}\nreport: {written}, and its sheet: {written.with_suffix('.png')}")


def export(options: argparse.Namespace) -> None:
    """Write a network as a script that a web page computes: the one that ships, or your own."""
    from ecglab import export as exporting  # late: --help needs no weights

    given.writable_file(options.out)
    if options.run_folder is None:
        path = exporting.write(exporting.shipped(), options.out)
    else:
        from ecglab import runs  # later still, with Keras

        recipe = runs.run_of(options.run_folder)["settings"]["recipe"]
        path = exporting.export(runs.checkpoint(options.run_folder), recipe, options.out)
    size = path.stat().st_size / 1e6
    print(f"network: {path}, {size:.1f} MB; open it in the explorer of chapter 10 or 12")


def experiment(options: argparse.Namespace) -> None:
    """Run an experiment; record its outcome only where that is asked for."""
    if options.name not in experiments.NAMES:
        experiments.recorded(options.name)  # says which there are
    _check_recordable(options)
    module = import_module(f"ecglab.experiments.{options.name}")
    folder = options.out / (options.name + ("-quick" if options.quick else ""))
    path = folder / "outcome.json"
    given.writable_file(path)
    outcome = module.run(folder, quick=options.quick)
    from ecglab import runs  # late, with Keras

    folder.mkdir(parents=True, exist_ok=True)  # where a run keeps nothing else
    runs.write_text(path, json.dumps(outcome, indent=1, allow_nan=False) + "\n")
    print(f"outcome: {path}")
    if not options.record:
        return
    if outcome["recordings"]["simulated"]:  # in part, such as noise, after hours of real ones
        raise ValueError("some of these recordings were simulated: the outcome is not recorded")
    _record(options.name, folder)


def _check_recordable(options: argparse.Namespace) -> None:
    """Refuse, before hours are spent, to record a trial or simulated patients."""
    if not options.record:
        return
    if options.quick:
        raise ValueError("--quick is a trial, which is not recorded; leave it or --record out")
    given.writable_file(experiments.path_of(options.name))
    if records.load(records.DS1[0]).simulated:
        wanted = "set ECGLAB_DATA to a folder of real ones"
        raise ValueError(f"--record needs real recordings, these patients are simulated; {wanted}")


def _record(name: str, folder: Path) -> None:
    """Put an outcome, and the weights beside it, where the package keeps them."""
    path = experiments.path_of(name)
    pairs = {folder / "outcome.npz": path.with_suffix(".npz"), folder / "outcome.json": path}
    from ecglab import runs  # late, with Keras

    for source, target in pairs.items():
        if source.exists():  # few experiments leave weights
            runs.copy(source, target)
    print(f"recorded: {path}")


def benchmark(options: argparse.Namespace) -> None:
    """Measure how fast recordings become beats, beats become images, and ResNet-50 learns."""
    from ecglab import benchmark as measuring  # late: no other command needs it

    given.whole("beats", options.beats, 1)
    print(records.describe())
    measuring.report(options.matter, options.beats)


def _leads(listed: list[str] | None) -> list[str] | dict[str, str] | None:
    """Take ``MLII V1`` as names, ``ECG1=MLII ECG2=V1`` as old and new ones."""
    renamed = [lead.partition("=")[::2] for lead in listed or [] if "=" in lead]
    if not renamed:
        return listed
    if len(renamed) < len(listed) or not all(old and new for old, new in renamed):
        said = f"--leads is {' '.join(listed)}"
        raise ValueError(f"{said}; give names, MLII V1, or new names, ECG1=MLII ECG2=V1")
    given.each_once([old for old, _ in renamed], "--leads")
    return dict(renamed)


def _names(listed: str, database: str = "mitdb") -> list[str]:
    """Return the records that were listed; refuse unknown ones before any is loaded."""
    if listed in ("DS1", "DS2", "all"):
        return list(records.names_of(listed, database))
    names = [name.strip() for name in listed.split(",")]
    return list(records.names_of(given.each_once(names, "--records"), database))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ecglab", description=__doc__)
    parser.add_argument("--version", action="version", version=f"ecglab {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    _command(commands, info)

    command = _command(commands, download)
    command.add_argument("database", nargs="*", default=list(records.DATABASES))

    command = _command(commands, train)
    _train_options(command)

    command = _command(commands, evaluate)
    _run_option(command)
    command.add_argument("--database", choices=_TESTED, default="mitdb")
    command.add_argument(
        "--records", help="DS1, DS2, all, or names; by default DS2, or all of svdb"
    )

    command = _command(commands, export)
    _run_option(command)
    command.add_argument("--out", type=Path, default=Path("network.js"))

    command = _command(commands, read)
    command.add_argument("file", help="WFDB, EDF, CSV, TSV or NumPy")
    command.add_argument("--fs", type=float, help="samples a second, if the file does not say")
    command.add_argument("--leads", nargs="+", help="names: MLII V1; or new: ECG1=MLII ECG2=V1")
    command.add_argument("--units", help="mV, uV, V, or a number: counts per mV")
    command.add_argument("--annotations", help="a suffix, such as atr, or a table: sample,symbol")
    command.add_argument("--out", type=Path, help="by default NAME-report.html in this folder")

    command = _command(commands, experiment)
    command.add_argument("name", help=", ".join(experiments.NAMES))
    command.add_argument("--quick", action="store_true", help="a trial that ends within a minute")
    command.add_argument("--out", type=Path, default=Path("runs"))
    command.add_argument(
        "--record", action="store_true", help="replace the package's outcome (real recordings)"
    )

    command = _command(commands, benchmark)
    matters = ["beats", "images", "training", "all"]
    command.add_argument("matter", nargs="?", choices=matters, default="all")
    command.add_argument("--beats", type=int, default=4096, help="drawn in one turn")
    return parser


def _train_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--records", default="DS1", help="DS1, DS2, or names: 100,101")
    command.add_argument("--lead", nargs="+", default=["MLII"], help="one image channel each")
    command.add_argument("--width", type=int, default=16, help="filters of conv1; 64 is full")
    command.add_argument("--size", type=int, default=64, help="pixels, 32 or more")
    command.add_argument("--epochs", type=int, default=12)
    command.add_argument("--steps", type=int, default=200, help="batches in an epoch")
    command.add_argument("--batch", type=int, default=64)
    command.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    command.add_argument("--rhythm", action="store_true", help="a rhythm strip below each beat")
    command.add_argument("--average", type=float, default=0.0, help="of weights, such as 0.99")
    precisions = ["float32", "mixed_bfloat16", "mixed_float16"]
    command.add_argument("--precision", choices=precisions, default=precisions[0])
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--out", type=Path, default=Path("runs/resnet50"))
    command.add_argument("--processes", type=int, default=1, help="that train together, on JAX")
    command.add_argument("--process", type=int, default=0, help="which of them this one is")
    command.add_argument("--address", default="127.0.0.1:12355", help="of process 0, for all")


def _run_option(command: argparse.ArgumentParser) -> None:
    told = "of train; by default the one that ships"
    command.add_argument("--run", type=Path, dest="run_folder", help=told)


def _command(commands: argparse._SubParsersAction, function) -> argparse.ArgumentParser:
    command = commands.add_parser(
        function.__name__,
        help=function.__doc__,
        description=function.__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    command.set_defaults(run=function)
    return command


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(main())
