"""Settings of the text embedding service (plugin contract 7.1)."""


class InferenceConfigs:
    """Which column is read, and which is written."""

    def __init__(self, text_column: str = "data", output_column_name: str = "embedding", **extra) -> None:
        self.text_column = text_column
        self.output_column_name = output_column_name
        self.__dict__.update(extra)
