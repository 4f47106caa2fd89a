"""How a query becomes a vector.

Without this file the server sends each query through the pipeline; with it, a query costs no DataFrame.
"""

from shared.plugins.inference.serve import BaseInferenceService

from .text import embed


class InferenceService(BaseInferenceService):
    async def run_inference(self, inputs, parameters):
        # The vector stands under the feature's name, or under "embedding".
        return {"embedding": embed(inputs["text"], parameters.get("letters", 3))}
