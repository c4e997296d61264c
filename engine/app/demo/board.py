"""What a board decides at a meeting, item by item."""

from engine.app.demo.verbs import Stage


def decide(stage: Stage, key: str) -> None:
    """Record what the board decides about each item of its agenda, with a paragraph of the minutes for each."""
    meeting = stage.cases[key]
    for number, item in enumerate(stage.agenda[key], 301):
        fields = {"paragraph": f"§ {number}", **item.fields}
        if item.event == "report_delegated":
            fields["meeting"] = meeting
        stage.fire("secretary", item.reference, item.event, **fields)
