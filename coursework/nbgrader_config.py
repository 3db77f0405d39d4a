"""How nbgrader runs this course. What is not set here is as nbgrader has it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "tools"))

from complete import Complete
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.preprocessors import ClearHiddenTests, Execute, GetGrades
from outputs import TameOutputs

c = get_config()  # noqa: F821  (nbgrader gives it)

c.CourseDirectory.course_id = "ecglab"
c.ClearSolutions.code_stub = {"python": ""}
c.ClearSolutions.text_stub = ""

# Seconds a cell may take, in the sandbox and on the slowest computer.
c.Execute.timeout = 60
c.Execute.iopub_timeout = 10

release = GenerateAssignment.preprocessors.default_args[0]
c.GenerateAssignment.preprocessors = [Complete, *release]

marking = Autograde.autograde_preprocessors.default_args[0]
after = marking.index(Execute) + 1
c.Autograde.autograde_preprocessors = [*marking[:after], TameOutputs, *marking[after:]]

# The hidden tests serve another year, and Markdown of a submission may hold a script.
c.GenerateFeedback.preprocessors = [ClearHiddenTests, GetGrades, CSSHTMLHeaderPreprocessor]
c.HTMLExporter.sanitize_html = True
