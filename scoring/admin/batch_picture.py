"""The scores of a finished batch as a histogram."""

import numpy as np
import pyarrow.parquet as pq

from core import storage
from scoring.admin.pictures import ScoreHistogram
from scoring.selectors.batches import chunk_paths

# Files read for one page: the picture says how many rows it stands on.
CHUNKS_READ = 4
CELLS = 24


def score_histogram(batch_id: str) -> tuple[ScoreHistogram, int]:
    """(picture, rows it stands on): the first chunks of a batch."""
    found = []
    for path in chunk_paths(batch_id)[:CHUNKS_READ]:
        with storage.open_reader(path) as reader:
            found.append(pq.read_table(reader, columns=["score"]).column("score").to_numpy())
    scores = np.concatenate(found) if found else np.empty(0)
    if not scores.size:
        return ScoreHistogram(edges=[], counts=[]), 0
    low, width = int(scores.min()), max(1, -(-int(np.ptp(scores) + 1) // CELLS))
    edges = np.arange(low, int(scores.max()) + width + 1, width)
    counts, edges = np.histogram(scores, bins=edges)
    picture = ScoreHistogram(edges=edges.tolist(), counts=counts.tolist())
    return picture, int(scores.size)
