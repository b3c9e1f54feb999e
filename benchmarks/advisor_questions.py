"""How often the advisor assistant's rules choose the tool and the arguments that its own questions expect.

    python benchmarks/advisor_questions.py [--wrong]

150 questions of own writing over the sample bank, half for developing the rules, half (`judge`) written before them
and not tuned on. No model is asked.
"""

import argparse
import tempfile
from datetime import date
from pathlib import Path

from scenarios.advisor.conversation.questions import FILES, Score, judge, load_questions
from scenarios.advisor.data.loading import load_dataset
from scenarios.advisor.data.sample import make_sample

LAST, TODAY = date(2026, 10, 30), date(2026, 11, 2)


def main() -> None:
    """Print a line for each file, and the questions that went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="print each question that went wrong")
    parser.add_argument("--only", default="", help="files whose name begins with this")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_sample(Path(folder), LAST)
        dataset = load_dataset(Path(folder), TODAY)
    total = Score()
    print(f"{'file':14}{'questions':>10}{'tool':>8}{'arguments':>11}{'both':>8}")
    for name in FILES:
        if not name.startswith(options.only):
            continue
        score = Score()
        for question in load_questions(name):
            outcome = judge(question, dataset, TODAY)
            score, total = score.with_one(outcome), total.with_one(outcome)
            if options.wrong and not outcome.both:
                print(f"  {question.id}: {question.ask} -> {outcome.got}")
        print(score.line(name))
    print(total.line("all"))


if __name__ == "__main__":
    main()
