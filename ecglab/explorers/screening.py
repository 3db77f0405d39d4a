"""A thousand people: what prevalence does to the alarms of a test."""

from ecglab.explorers.base import Explorer, State, Words, share


def screening() -> Explorer:
    """Explore what prevalence does to the alarms of a test among a thousand people.

    First used in chapter 2.

    People are rounded to whole ones, halves upwards.

    Returns
    -------
    Explorer

    Examples
    --------
    >>> explorer = screening()
    >>> explorer.read(explorer.start)["Positive predictive value"]
    '26.9 %: of 67 alarms 18 are true'
    """
    return Explorer("screening", {}, read)


def read(data: dict, state: State) -> Words:
    """Return how many of a thousand people are of which kind, and the predictive values."""
    ill = _whole(10 * state["prevalence"])
    well = 1000 - ill
    tp = _whole(ill * state["sensitivity"] / 100)
    fp = _whole(well * (100 - state["specificity"]) / 100)
    fn = ill - tp
    tn = well - fp
    return {
        "Ill": f"{ill} of 1,000",
        "True positives": str(tp),
        "False negatives": str(fn),
        "False positives": str(fp),
        "True negatives": str(tn),
        "Positive predictive value": f"{share(tp, fp)}: of {tp + fp} alarms {tp} are true",
        "Negative predictive value": f"{share(tn, fn)}: of {tn + fn} all-clears {tn} are true",
    }


def _whole(people: float) -> int:
    return int(people + 0.5)
