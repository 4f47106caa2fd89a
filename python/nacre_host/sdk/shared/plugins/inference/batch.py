"""The base of processors that define `_process_batch` (plugin contract 3.4)."""

from nacre_host.logs import logger


class BaseBatchInferenceService:
    """Hands each batch that is not empty, its index reset, to `_process_batch`."""

    def __init__(self, config=None, progress_actor=None, **others) -> None:
        # The classes beside this one in a mixin may want the rest, and object refuses it.
        super().__init__()
        self.config = config
        self.progress_actor = progress_actor
        self.logger = logger(type(self).__name__)

    def __call__(self, batch):
        if len(batch) == 0:
            return batch
        self.logger.debug("batch of %d rows", len(batch))
        return self._process_batch(batch.reset_index(drop=True))

    def _process_batch(self, batch):
        raise NotImplementedError(f"{type(self).__name__} defines neither __call__ nor _process_batch")
