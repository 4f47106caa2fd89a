"""Settings of the transcription service (plugin contract 7.1)."""


class InferenceConfigs:
    """The output column is known by either of two names."""

    def __init__(
        self,
        model: str = "whisper-1",
        bytes_column: str = "data",
        output_column_name: str | None = None,
        output_column: str | None = None,
        **extra,
    ) -> None:
        self.model = model
        self.bytes_column = bytes_column
        self.output_column_name = self.output_column = output_column_name or output_column or "transcription"
        self.__dict__.update(extra)
