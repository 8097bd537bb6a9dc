"""Questions, texts that may hold their answers, and the answers."""

import dataclasses

from keras_transformer.data.parallel import select_rows


@dataclasses.dataclass(frozen=True)
class Questions:
    """Questions, the texts that may hold their answers, and the answers.

    Args:
        path: The file.
        questions: The questions.
        contexts: For each, the text to find the answer in.
        answers: For each, a dict of lists: "text", all answers that are right,
            none where the context holds none, and "answer_start", the
            character of the context at which each begins.
        ids: For each, the id that the file gives it, "" without one.
        lines: The line of each; in SQuAD's JSON its number among all
            questions, from 1.
    """

    path: str
    questions: list[str]
    contexts: list[str]
    answers: list[dict]
    ids: list[str]
    lines: list[int]

    def __len__(self):
        return len(self.questions)

    @property
    def references(self) -> list[list[str]]:
        """The texts of all right answers of each question."""
        return [answer["text"] for answer in self.answers]

    def select(self, chosen):
        """Pick questions by a sequence of bools, one a question."""
        columns = [field.name for field in dataclasses.fields(self)]
        return select_rows(self, chosen, columns[1:])

    def in_place(self):
        """Keep what can be trained on: answers that stand where they should.

        Returns:
            `Questions` that have no answer, or whose first one stands in the
            context at its offset.
        """
        kept = [
            answers_in_place(context, answer)
            for context, answer in zip(self.contexts, self.answers, strict=True)
        ]
        placed = [
            bool(answer["text"]) or not given["text"]
            for answer, given in zip(kept, self.answers, strict=True)
        ]
        return dataclasses.replace(self, answers=kept).select(placed)


def answers_in_place(context, answer):
    """Keep the answers that stand at their offsets.

    Args:
        context: The text.
        answer: Dict of lists, "text" and "answer_start".

    Returns:
        Another of its kind.
    """
    pairs = zip(answer["text"], answer["answer_start"], strict=True)
    return as_lists(
        [
            (text, start)
            for text, start in pairs
            if start >= 0 and context.startswith(text, start)
        ]
    )


def as_lists(pairs):
    """Make the dict of lists of pairs of a text and its offset."""
    return {
        "text": [text for text, _ in pairs],
        "answer_start": [start for _, start in pairs],
    }
