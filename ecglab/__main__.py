"""The same from a shell: ``python -m ecglab COMMAND``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from importlib import import_module
from pathlib import Path

from ecglab import __version__, beats, experiments, records

#: The window of a beat with its rhythm strip, and what of it is drawn large; s about the beat.
_RHYTHM, _ZOOM = {"before": 2.5, "after": 1.5}, (0.25, 0.35)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, OSError) as error:
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
    from ecglab import models
    from ecglab import train as training  # late: --help needs no Keras
    from ecglab.backend import keras

    if options.processes > 1:
        training.join(options.address, options.processes, options.process)
    keras.config.set_dtype_policy(options.precision)
    print(records.describe())
    window = _RHYTHM if options.rhythm else {}
    heartbeats = beats.load(_names(options.records), leads=options.lead, **window)
    print(heartbeats)
    keras.utils.set_random_seed(options.seed)
    shape = (options.size, options.size, len(options.lead))
    model = models.resnet50(shape, len(beats.CLASSES), width=options.width)
    print(f"ResNet-50, width {options.width}, {model.count_params():,} parameters")
    training.fit(
        model,
        heartbeats,
        folder=options.out,
        epochs=options.epochs,
        steps=options.steps,
        batch=options.batch,
        rate=options.rate,
        average=options.average,
        seed=options.seed,
        zoom=_ZOOM if options.rhythm else None,
    )
    print(f"trained: {options.out}; next: python -m ecglab evaluate --run {options.out}")


def evaluate(options: argparse.Namespace) -> None:
    """Score a trained network on people it has not seen."""
    from ecglab import evaluate as evaluation
    from ecglab import train as training

    model = training.checkpoint(options.run_folder)
    settings = training.run_of(options.run_folder)["settings"]
    print(records.describe())
    cut = {name: settings[name] for name in ("leads", "before", "after")}
    heartbeats = beats.load(_names(options.records), **cut)
    predicted = training.predict(model, heartbeats, settings["zoom"]).argmax(axis=1)
    result = evaluation.scores(heartbeats.labels, predicted)
    print(f"\n{heartbeats}\n\nper record\n")
    table = evaluation.per_record(heartbeats.labels, predicted, heartbeats.records)
    print(table.to_string(float_format="{:.3f}".format, na_rep="–"))
    if len(table) > 1:
        intervals = evaluation.bootstrap_records(heartbeats.labels, predicted, heartbeats.subjects)
        print("\n95 % intervals, resampling people\n")
        print(intervals.to_string(float_format="{:.3f}".format, na_rep="–"))
    print(f"\nall records\n\n{result}")
    if heartbeats.simulated:
        print("\nSIMULATED patients: no number here is a real person's")
    training.write_text(options.run_folder / "scores.json", json.dumps(result.summary(), indent=1))


def experiment(options: argparse.Namespace) -> None:
    """Run an experiment and record its outcome."""
    if options.name not in experiments.names():
        experiments.recorded(options.name)  # says which there are
    module = import_module(f"ecglab.experiments.{options.name}")
    folder = options.out / (options.name + ("-quick" if options.quick else ""))
    outcome = module.run(folder, quick=options.quick)
    from ecglab.train import write_text

    # A trial, or simulated patients, must never stand where the recorded outcome stands.
    real = not options.quick and not outcome["recordings"]["simulated"]
    path = experiments.path_of(options.name) if real else folder / "outcome.json"
    write_text(path, json.dumps(outcome, indent=1) + "\n")
    print(f"recorded: {path}")


def benchmark(options: argparse.Namespace) -> None:
    """Measure how fast recordings become beats, beats become images, and ResNet-50 learns."""
    from ecglab import benchmark as measuring  # late: the other commands need no Matplotlib

    print(records.describe())
    if measuring.cv2 is None:
        print(measuring.MISSING)
    if options.matter in ("beats", "all"):
        print(f"\n{measuring.table(measuring.beats(records.MITDB))}")
    if options.matter in ("images", "all"):
        print(f"\n{measuring.table(measuring.images(records.MITDB, options.beats))}")
    if options.matter in ("training", "all"):
        print(f"\n{measuring.table(measuring.training())}")


def _names(given: str) -> str | list[str]:
    return given if given in ("DS1", "DS2") else given.split(",")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ecglab", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    _command(commands, info)

    command = _command(commands, download)
    command.add_argument("database", nargs="*", default=list(records.DATABASES))

    command = _command(commands, train)
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
    command.add_argument(
        "--precision", choices=["float32", "mixed_bfloat16", "mixed_float16"], default="float32"
    )
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--out", type=Path, default=Path("runs/resnet50"))
    command.add_argument("--processes", type=int, default=1, help="that train together, on JAX")
    command.add_argument("--process", type=int, default=0, help="which of them this one is")
    command.add_argument("--address", default="127.0.0.1:12355", help="of process 0, for all")

    command = _command(commands, evaluate)
    command.add_argument("--run", type=Path, default=Path("runs/resnet50"), dest="run_folder")
    command.add_argument("--records", default="DS2", help="DS1, DS2, or names: 100,101")

    command = _command(commands, experiment)
    command.add_argument("name", help=", ".join(experiments.names()))
    command.add_argument("--quick", action="store_true", help="a trial that ends within a minute")
    command.add_argument("--out", type=Path, default=Path("runs"))

    command = _command(commands, benchmark)
    matters = ["beats", "images", "training", "all"]
    command.add_argument("matter", nargs="?", choices=matters, default="all")
    command.add_argument("--beats", type=int, default=4096, help="drawn in one turn")
    return parser


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
